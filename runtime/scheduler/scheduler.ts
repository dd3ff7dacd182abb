/**
 * One worker's loop: run queues, timers, and the routing of what processes send.
 *
 * Invariants
 * - A process is in at most one run queue, and it is there exactly when its state is Queued.
 * - A woken process runs before a preempted one, but every 61st turn is the other way round, so neither starves.
 * - Of processes that have not begun, the children of the last step run first, in the order in which they were spawned: a
 *   tree is run in depth, so that few of its processes exist at once. Every 61st turn the oldest one runs.
 */
import { invariantBroken, nameNotFound, notText, processNotFound } from '../catalogue.ts';
import type { Rates } from '../capabilities/rates.ts';
import type { Audit } from '../security/audit.ts';
import type { Services } from '../capabilities/services.ts';
import type { Clock } from '../clock.ts';
import { type TroupeError, toTroupeError } from '../errors.ts';
import type { Deployed } from '../hosts/deployed.ts';
import { atWait } from '../lifecycle/wait.ts';
import { endProcess, settleEndings } from '../lifecycle/exit.ts';
import type { Names } from '../lifecycle/names.ts';
import type { Signal } from '../lifecycle/signal.ts';
import { applySignal } from '../lifecycle/signals_applied.ts';
import { ofUpgrade, upgradeProcess } from '../lifecycle/upgrade.ts';
import { Answer, type Payload, StepStatus } from '../machine.ts';
import { Message } from '../message.ts';
import type { Packed } from '../payload/payload.ts';
import { hostOfPid, looksLikePid, parsePid } from '../pid.ts';
import type { Counters } from './counters.ts';
import type { Extras } from './extras.ts';
import { deliver, deliverHere } from './delivery.ts';
import { CALLED, type Outbound } from './outbound.ts';
import { type Process, ProcessState } from './process.ts';
import type { Arriving, Held } from './arriving.ts';
import { type PastGenerations, ProcessTable } from './process_table.ts';
import { Queue } from './queue.ts';
import { Restless } from './restless.ts';
import { Sharing } from './sharing.ts';
import { ProcessTimers } from './process_timers.ts';
import { type TimerOwner, TimingWheel } from './timing_wheel.ts';

/** Longest time between two looks at the event loop, in milliseconds. */
const BURST = 4;
/** Steps between two looks at the clock and at what other workers sent. */
const STEPS_PER_LOOK = 64;
/** One step of so many is timed (mask), and the first ones of each entry. */
const SAMPLED = 63;
const ENOUGH_SAMPLES = 16;
/** A process that has moved and for which there is no room here tries again so often, so many milliseconds apart. */
const RESUME_ATTEMPTS = 400;
const RESUME_PAUSE = 5;
/**
 * Who sends more messages than that in one step has its next turns behind the preempted, one for each so many, at most
 * `MOST_DEBT`: work that it makes for others is work of its own.
 */
const FLOOD = 1000;
const MOST_DEBT = 100;
/** Every so many picks the preempted go first, and after them the oldest of those that have not begun. */
const FAIRNESS = 61;

export interface SchedulerOptions {
  /** Which of the runtime's schedulers this is; 0 runs on the main thread. */
  readonly index: number;
  /** How many there are. */
  readonly count: number;
  readonly clock: Clock;
  readonly deployed: Deployed;
  readonly names: Names;
  /** Live processes a host and a scheduler, shared by all schedulers. */
  readonly counters: Counters;
  /** How often operations of capabilities were called, shared by all schedulers. */
  readonly rates: Rates;
  /** The way to the other schedulers; undefined where there is one only. */
  readonly outbound?: Outbound;
  /** Terminal, log and store, for the operations of capabilities. */
  readonly services?: Services;
  /** Where a thread can take another one's place. */
  readonly past?: PastGenerations;
  /** For tests: see `restless.ts`. */
  readonly restless?: boolean;
}

/** `id` and `revision`: of the entry that it ran. */
export type Crashed = (pid: string, id: string, error: TroupeError, revision: number) => void;

/** Puts a process back into its queue, from which it was taken while it could not be resumed. */
class Retry implements TimerOwner {
  readonly #scheduler: Scheduler;
  readonly #process: Process;

  constructor(scheduler: Scheduler, process: Process) {
    this.#scheduler = scheduler;
    this.#process = process;
  }

  timerFired(): void {
    if (this.#process.state === ProcessState.Queued) this.#scheduler.enqueue(this.#process);
  }
}

export class Scheduler {
  readonly index: number;
  readonly count: number;
  readonly clock: Clock;
  readonly deployed: Deployed;
  readonly names: Names;
  readonly counters: Counters;
  readonly rates: Rates;
  readonly outbound: Outbound | undefined;
  readonly wheel: TimingWheel;
  readonly timers: ProcessTimers;
  readonly services: Services | undefined;

  readonly table: ProcessTable;

  /** Spawned since the last turn, in order; and those before, the next one to run last. */
  readonly #newborn: Process[] = [];
  readonly #fresh = new Queue<Process>(256);
  readonly #woken = new Queue<Process>(256);
  readonly #preempted = new Queue<Process>(64);
  readonly #sharing: Sharing | undefined;
  readonly #restless: Restless | undefined;
  /** See `Outbound.attention`; a word that is never called where there is one scheduler. */
  readonly #attention: Int32Array;
  readonly #attentionAt: number;
  /** See `Outbound.stepping`. */
  readonly #stepping: Int32Array;
  readonly #steppingAt: number;
  #picks = 0;
  #running = false;
  #turnPending = false;
  #stopped = false;
  #armed: unknown = undefined;
  #armedFor = Number.POSITIVE_INFINITY;
  readonly #turn = (): void => {
    this.#turnPending = false;
    this.run();
  };
  readonly #timerTurn = (): void => {
    this.#armed = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
    this.run();
  };

  /** Steps taken and messages that could not be delivered, for inspection. */
  steps = 0;
  /** Messages that processes here have sent: what floods is charged for it. */
  sends = 0;
  /** Milliseconds that calls of the process that is being stepped took, and that its machine has not counted yet. */
  work = 0;
  /** Who is being stepped. */
  current: Process | undefined = undefined;
  deadLetters = 0;
  /** Where it is recorded what policies and hosts denied; undefined: nowhere. */
  audit: Audit | undefined = undefined;
  /** Told about each process that ended with an error. */
  onCrash: Crashed | undefined = undefined;

  constructor(options: SchedulerOptions) {
    this.index = options.index;
    this.count = options.count;
    this.clock = options.clock;
    this.deployed = options.deployed;
    this.names = options.names;
    this.counters = options.counters;
    this.rates = options.rates;
    this.outbound = options.outbound;
    this.services = options.services;
    this.wheel = new TimingWheel(this.clock.now());
    this.timers = new ProcessTimers(this.wheel, this.clock);
    this.table = new ProcessTable(this.index, this.count, this.outbound, options.past);
    this.#attention = this.outbound?.attention ?? new Int32Array(1);
    this.#attentionAt = this.outbound?.attentionAt ?? 0;
    this.#stepping = this.outbound?.stepping ?? new Int32Array(2);
    this.#steppingAt = this.outbound?.steppingAt ?? 0;
    // The main thread gives nothing: what is there must be there.
    if (this.outbound !== undefined && this.index > 0) {
      this.#sharing = new Sharing(this, this.outbound, this.#fresh, this.#woken, this.#preempted);
      if (options.restless) this.#restless = new Restless(this, this.outbound);
    }
  }

  // --- processes ------------------------------------------------------------------------------------------------

  /** Put a new process in the table and in the run queue. */
  admit(process: Process): void {
    this.table.add(process);
    if (process.state !== ProcessState.Queued) return;
    if (process.args === undefined) this.#woken.push(process);
    else this.#newborn.push(process);
  }

  /** It lives on elsewhere: nothing of it is left here. */
  departed(process: Process): void {
    process.state = ProcessState.Dead;
    process.machine = undefined;
    process.args = undefined;
    process.first = undefined;
    process.more = undefined;
    process.lastTarget = undefined;
    this.timers.cancelAll(process);
    process.extras = undefined;
  }

  /** A mailbox over its limit was read from: open it again for other schedulers once it is half empty. */
  relieve(process: Process): void {
    const { host } = process.linked;
    const { arriving, heldBytes } = process.extras!;
    const messages = process.waiting + (arriving?.messages ?? 0);
    if (messages * 2 > host.mailbox || (heldBytes + (arriving?.bytes ?? 0)) * 2 > host.mailboxBytes) return;
    process.extras!.overfull = false;
    this.outbound?.reopen(process);
  }

  // --- routing --------------------------------------------------------------------------------------------------

  /** The text of the live PID that a destination stands for, or the error. Says nothing about remote ends in flight. */
  locate(dest: string): string | TroupeError {
    if (typeof dest !== 'string') return notText('the destination', dest);
    if (!looksLikePid(dest)) {
      const holder = this.names.lookup(dest);
      return holder === undefined ? nameNotFound(dest) : holder;
    }
    if (this.table.byPid(dest) !== undefined) return dest;
    if (this.outbound?.whereIs(dest) !== undefined) return dest;
    return processNotFound(dest);
  }

  deliver(target: Process, message: Message): TroupeError | undefined {
    return deliver(this, target, message);
  }

  /** What came from another scheduler, when its turn has come. */
  deliverHere(target: Process, message: Message): TroupeError | undefined {
    return deliverHere(this, target, message);
  }

  /** The slow path of send: a name, a PID that was never spelled out here, or a process on another scheduler. */
  sendFar(
    sender: Process,
    dest: string,
    topic: string,
    payload: Payload | Packed,
    count: number,
    bytes: number,
  ): TroupeError | undefined {
    if (this.outbound !== undefined && typeof dest === 'string') {
      const placed = this.outbound.whereIs(dest);
      if (placed !== undefined && placed.worker !== this.index) {
        return this.outbound.message(placed, dest, sender, topic, payload, count);
      }
    }
    const located = this.locate(dest);
    if (typeof located !== 'string') return located;
    const local = this.table.byPid(located);
    if (local !== undefined) return deliver(this, local, new Message(topic, sender, payload, count, bytes));
    const placed = this.outbound?.whereIs(located);
    if (placed === undefined) return processNotFound(dest);
    return this.outbound!.message(placed, located, sender, topic, payload, count);
  }

  /** Send from outside of any process, for the process `from`, which need not live any more. `bytes`: see `Process.send`. */
  sendAs(
    from: string,
    dest: string,
    topic: string,
    payload: Payload,
    count: number,
    bytes = 0,
  ): TroupeError | undefined {
    const located = this.locate(dest);
    if (typeof located !== 'string') return located;
    const local = this.table.byPid(located);
    const error =
      local === undefined
        ? this.#sendFarAs(from, located, topic, payload, count)
        : deliver(this, local, new Message(topic, from, payload, count, bytes));
    this.kick();
    return error;
  }

  /** Since `begun`, by the clock, it has worked for the process that is being stepped. */
  worked(begun: number): void {
    this.work += this.clock.now() - begun;
  }

  #sendFarAs(from: string, pid: string, topic: string, payload: Payload, count: number): TroupeError | undefined {
    const placed = this.outbound?.whereIs(pid);
    const host = this.deployed.hosts.get(hostOfPid(from));
    if (placed === undefined || host === undefined) return processNotFound(pid);
    const error = this.outbound!.message(
      placed,
      pid,
      { pid: from, number: parsePid(from), linked: { host } },
      topic,
      payload,
      count,
    );
    if (error !== undefined) this.deadLetters++;
    return error;
  }

  /** Apply a signal to whatever `dest` stands for, here or elsewhere. */
  signalTo(dest: string, signal: Signal): TroupeError | undefined {
    const located = this.locate(dest);
    if (typeof located !== 'string') return located;
    const local = this.table.byPid(located);
    if (local !== undefined) {
      this.#apply(local, signal);
      return undefined;
    }
    const placed = this.outbound?.whereIs(located);
    if (placed === undefined) return processNotFound(dest);
    return this.outbound!.signal(placed, signal);
  }

  /** A signal from here to a process here. */
  #apply(target: Process, signal: Signal): void {
    const arriving = target.extras?.arriving;
    if (arriving !== undefined && arriving.batch.awaits(this.index))
      this.hold(arriving, { source: this.index, signal });
    else applySignal(target, signal);
  }

  /** What comes from here for a process that has just arrived. Until it is delivered its sender must not leave either. */
  hold(arriving: Arriving, held: Held): void {
    arriving.hold(held);
    if (this.current !== undefined) this.outbound!.sends(this.current);
  }

  /** Tell a process something if it still lives; nobody cares if not. */
  notify(pid: string, signal: Signal): void {
    const local = this.table.byPid(pid);
    if (local !== undefined) {
      this.#apply(local, signal);
      return;
    }
    const placed = this.outbound?.whereIs(pid);
    if (placed !== undefined) this.outbound!.signal(placed, signal);
  }

  // --- waking ---------------------------------------------------------------------------------------------------

  /** Something other than a message arrived for a process: make it runnable. */
  wake(process: Process): void {
    const state = process.state;
    if (state === ProcessState.Idle || state === ProcessState.Blocked) {
      this.enqueue(process);
    } else if (state === ProcessState.Running) {
      process.state = ProcessState.RunningWoken;
    }
  }

  enqueue(process: Process): void {
    process.state = ProcessState.Queued;
    const extras = process.extras;
    if (extras !== undefined && extras.debt > 0) {
      extras.debt--;
      this.#preempted.push(process);
    } else this.#woken.push(process);
  }

  answer(process: Process, tag: number, value: Payload, error: TroupeError | undefined): void {
    if (process.state === ProcessState.Dead) return;
    const rare = process.rare;
    if (rare.answers === undefined) rare.answers = new Queue(4);
    rare.answers.push(new Answer(tag, value, error));
    this.wake(process);
  }

  /** Make sure that the loop looks at the queues soon; cheap when it runs already. */
  kick(): void {
    if (this.#running || this.#turnPending || this.#stopped) return;
    this.#turnPending = true;
    this.clock.defer(this.#turn);
  }

  // --- the loop -------------------------------------------------------------------------------------------------

  get runnable(): number {
    return this.#newborn.length + this.#fresh.size + this.#woken.size + this.#preempted.size;
  }

  /** Run what can run for one burst, then let the event loop have its turn. */
  run(): void {
    if (this.#running || this.#stopped) return;
    this.#running = true;
    const clock = this.clock;
    const outbound = this.outbound;
    const attention = this.#attention;
    const attentionAt = this.#attentionAt;
    let now = clock.now();
    const until = now + BURST;
    try {
      for (;;) {
        if (this.wheel.armed > 0) this.wheel.advance(now);
        if (outbound !== undefined) outbound.exchange();
        let left = STEPS_PER_LOOK;
        while (left-- > 0) {
          const process = this.#pick();
          if (process === undefined) break;
          // Who has spent its slice has taken long: time has passed for everybody else.
          if (this.#step(process) || attention[attentionAt] === CALLED) break;
        }
        now = clock.now();
        if (outbound !== undefined) {
          this.#settleNewborn();
          outbound.publish();
          this.#sharing?.look(now);
          this.#restless?.look();
        }
        if (this.runnable === 0 && (outbound === undefined || !outbound.linger())) break;
        if (now >= until) break;
      }
    } finally {
      this.#running = false;
    }
    this.#rest(now);
  }

  /** After a burst: come again at once, when the next timer is due, or when somebody nudges. */
  #rest(now: number): void {
    if (this.#stopped) return;
    this.#stepping[this.#steppingAt + 1] = 0;
    if (this.runnable > 0 || (this.outbound !== undefined && !this.outbound.sleep())) {
      this.kick();
      return;
    }
    const delay = this.wheel.delay(now);
    if (delay < 0) {
      this.#disarm();
      return;
    }
    const due = now + delay;
    if (this.#armed !== undefined && this.#armedFor <= due) return;
    this.#disarm();
    this.#armedFor = due;
    this.#armed = this.clock.arm(Math.ceil(delay), this.#timerTurn);
  }

  #disarm(): void {
    if (this.#armed !== undefined) this.clock.disarm(this.#armed);
    this.#armed = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  #pick(): Process | undefined {
    if (this.#newborn.length > 0) this.#settleNewborn();
    for (;;) {
      // It stays a small integer for ever.
      const turn = (this.#picks + 1) & 0x3fffffff;
      this.#picks = turn;
      let process: Process | undefined;
      if (turn % FAIRNESS === 0) process = this.#preempted.shift() ?? this.#fresh.shift() ?? this.#woken.shift();
      else if ((turn & 1) === 0) process = this.#fresh.pop() ?? this.#woken.shift();
      else process = this.#woken.shift() ?? this.#fresh.pop();
      process ??= this.#preempted.shift();
      if (process === undefined) return undefined;
      // A process that was ended while it was queued is skipped here instead of being searched for.
      if (process.state === ProcessState.Queued) return process;
    }
  }

  #settleNewborn(): void {
    const newborn = this.#newborn;
    for (let process = newborn.pop(); process !== undefined; process = newborn.pop()) this.#fresh.push(process);
  }

  /** One step; whether its slice was spent. */
  #step(process: Process): boolean {
    const { linked } = process;
    if ((++this.steps & SAMPLED) !== 0 && linked.samples >= ENOUGH_SAMPLES) return this.#stepOnce(process);
    const begun = this.clock.now();
    const spent = this.#stepOnce(process);
    linked.sampled((this.clock.now() - begun) * 1000);
    return spent;
  }

  #stepOnce(process: Process): boolean {
    process.state = ProcessState.Running;
    if (this.work !== 0) this.work = 0;
    const { sends } = this;
    // Where there are several schedulers somebody wants to know; a store of a pointer is not for nothing.
    const shared = this.outbound !== undefined;
    if (shared) {
      this.current = process;
      this.#stepping[this.#steppingAt] = this.steps;
      this.#stepping[this.#steppingAt + 1] = process.slot;
    }
    let status: StepStatus;
    try {
      if (process.machine === undefined && !this.#begin(process)) return false;
      status = process.machine!.step(process, process);
    } catch (thrown) {
      this.current = undefined;
      this.#end(process, ofUpgrade(process, toTroupeError(thrown, 'INTERNAL')));
      return false;
    }
    if (shared) this.current = undefined;
    if (this.sends - sends > FLOOD) process.rare.debt = Math.min((this.sends - sends) / FLOOD, MOST_DEBT) | 0;
    const extras = process.extras;
    if (extras !== undefined && extras.doom !== undefined) {
      this.#end(process, extras.doom);
      return false;
    }
    switch (status) {
      case StepStatus.Idle:
      case StepStatus.Blocked:
        if (extras !== undefined && extras.upgraded) extras.upgraded = false;
        if (extras !== undefined && extras.awaited && atWait(process, extras)) return false;
        if ((process.state as ProcessState) === ProcessState.RunningWoken) {
          this.enqueue(process);
        } else {
          process.state = status === StepStatus.Idle ? ProcessState.Idle : ProcessState.Blocked;
        }
        return false;
      case StepStatus.Ready:
        process.state = ProcessState.Queued;
        this.#preempted.push(process);
        return true;
      case StepStatus.Complete: {
        const result = extras?.result;
        if (result?.error !== undefined) this.#end(process, ofUpgrade(process, result.error));
        else endProcess(process, result ?? { value: undefined });
        return false;
      }
      case StepStatus.Upgrade:
        upgradeProcess(process);
        return false;
      default:
        this.#end(process, invariantBroken(`a step returned status ${String(status)}`));
        return false;
    }
  }

  /** Make its machine; false: there is no room for it now, and it tries again later. */
  #begin(process: Process): boolean {
    const { program, entry } = process.linked;
    const extras = process.extras;
    if (extras?.image !== undefined) return this.#resume(process, extras);
    const machine = program.create();
    process.machine = machine;
    const args = process.args!;
    process.args = undefined;
    machine.init(extras?.method ?? entry.method, args);
    return true;
  }

  #resume(process: Process, extras: Extras): boolean {
    try {
      process.machine = process.linked.program.resume!(extras.image!);
    } catch (thrown) {
      const error = toTroupeError(thrown, 'INTERNAL');
      if (error.kind !== 'UNAVAILABLE' || ++extras.attempts > RESUME_ATTEMPTS) throw error;
      this.current = undefined;
      process.state = ProcessState.Queued;
      this.wheel.arm(this.clock.now(), RESUME_PAUSE, new Retry(this, process), 0);
      return false;
    }
    extras.image = undefined;
    extras.attempts = 0;
    return true;
  }

  #end(process: Process, error: TroupeError): void {
    process.state = ProcessState.Running;
    endProcess(process, { error });
  }

  /** The step that ran was cut off, and the loop with it: its process ends with `error`, and the loop goes on. */
  abortStep(error: TroupeError): void {
    if (!this.#running) return;
    this.#running = false;
    const process = this.current;
    this.current = undefined;
    if (
      process !== undefined &&
      (process.state === ProcessState.Running || process.state === ProcessState.RunningWoken)
    ) {
      this.#end(process, ofUpgrade(process, process.linked.program.errorOf?.(error) ?? error));
    }
    this.kick();
  }

  /** End everything that lives here, without order, and never run again. */
  stop(error: TroupeError): void {
    // That everything ends now is no news to anybody.
    this.onCrash = undefined;
    for (const process of [...this.table.all()]) {
      if (process.state !== ProcessState.Dead) endProcess(process, { error });
    }
    settleEndings(this);
    this.#stopped = true;
    this.#disarm();
  }
}
