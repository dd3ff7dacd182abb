/**
 * Several schedulers over the same shared memory on one thread: the real classes, but the test says who goes on when, so
 * that a run can be repeated. A scheduler that goes on is paused at any of its accesses to shared memory (`Atomics`) while
 * others go on, which may be paused themselves; what threads do at the same time is cut into such pieces.
 *
 * Programs are step functions over plain state, so all of them can be moved.
 */
import type { MessagePort } from 'node:worker_threads';
import { capabilityDefinitions } from '../../runtime/capabilities/index.ts';
import { createServices } from '../../runtime/capabilities/services.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Deployed } from '../../runtime/hosts/deployed.ts';
import type { HostLimits } from '../../runtime/hosts/host.ts';
import type { EventQueue, MachineType, Payload, StateMachine, StepOutput, StepStatus } from '../../runtime/machine.ts';
import { pack } from '../../runtime/scheduler/movable.ts';
import { type Inherited, NOTHING_INHERITED } from '../../runtime/scheduler/inherited.ts';
import { Process } from '../../runtime/scheduler/process.ts';
import type { Scheduler } from '../../runtime/scheduler/scheduler.ts';
import { STRIDE } from '../../runtime/workers/attention.ts';
import { Hunger } from '../../runtime/workers/hunger.ts';
import { join } from '../../runtime/workers/mesh.ts';
import { bytesForNames } from '../../runtime/workers/shared_names.ts';
import { Ring } from '../../runtime/workers/ring.ts';
import { Directory, type SharedMemory } from '../../runtime/workers/shared_state.ts';
import { nativeData } from '../kernel/native.ts';

/** Slots of processes that a test can use, dealt out among its schedulers. */
const SLOTS = 1 << 14;
const NAMES_BYTES = bytesForNames(256);

/** Called before each access to shared memory that can be seen by others. */
let pause: ((memory: ArrayBufferLike) => void) | undefined;
for (const operation of ['load', 'store', 'exchange', 'compareExchange', 'add', 'sub'] as const) {
  const real = Atomics[operation] as (...args: unknown[]) => unknown;
  (Atomics as unknown as Record<string, unknown>)[operation] = (...args: [Int32Array, ...unknown[]]) => {
    if (pause !== undefined) pause(args[0].buffer);
    return real(...args);
  };
}

/** A program: its state is plain data, and is all that moves. */
export type MovableProgram<State = any> = {
  begin(...args: Payload[]): State;
  step(state: State, events: EventQueue, out: StepOutput): StepStatus;
};

class MovableMachine implements StateMachine {
  readonly #program: MovableProgram;
  readonly #name: string;
  #state: unknown;

  constructor(program: MovableProgram, name: string, state?: unknown) {
    this.#program = program;
    this.#name = name;
    this.#state = state;
  }

  init(_method: string, args: readonly Payload[]): void {
    this.#state = this.#program.begin(...args);
  }

  step(events: EventQueue, out: StepOutput): StepStatus {
    return this.#program.step(this.#state, events, out);
  }

  suspend() {
    return { program: this.#name, bytes: Buffer.from(JSON.stringify(this.#state)) };
  }

  close(): void {}
}

/** Numbers of xorshift32, uniform in [0, 1). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
    for (let i = 0; i < 8; i++) this.next();
  }

  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) / 2 ** 32;
  }

  /** An integer below `bound`. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }
}

export interface OneThreadOptions {
  readonly schedulers: number;
  readonly seed: number;
  readonly programs: { readonly [name: string]: MovableProgram };
  readonly limits?: HostLimits;
  readonly ringBytes?: number;
  readonly restless?: boolean;
  readonly placement?: 'least-loaded' | 'round-robin';
  /** Chance that a scheduler is paused at an access to shared memory. */
  readonly pauses?: number;
}

export class OneThread {
  readonly schedulers: Scheduler[] = [];
  readonly memory: SharedMemory;
  readonly rings: readonly (readonly (SharedArrayBuffer | undefined)[])[];
  readonly chance: Chance;
  /** While false, nothing is given away at random and nobody is paused: what goes on comes to its end. */
  isWild = true;
  readonly #pauses: number;
  /** What the event loop of each scheduler's thread has to do. */
  readonly #tasks: (() => void)[][] = [];
  readonly #timers: ({ at: number; wake: () => void } | undefined)[] = [];
  /** Who is going on now, or is paused while others go on. */
  readonly #active = new Set<number>();
  #time = 1000;
  /** What has left the loop of a scheduler, which nothing may. */
  #thrown: unknown;

  constructor(options: OneThreadOptions) {
    const { schedulers: count, programs } = options;
    this.chance = new Chance(options.seed);
    this.#pauses = options.pauses ?? 0.05;
    this.memory = smallMemory(count);
    this.rings = Array.from({ length: count }, (_, from) =>
      Array.from({ length: count }, (_, to) => (from === to ? undefined : Ring.allocate(options.ringBytes ?? 4096))),
    );
    const machine: MachineType = {
      kinds: ['process.ts'],
      prepare: () => Promise.reject(new Error('not used')),
      load: ({ name }) => ({
        payloads: 'value',
        create: () => new MovableMachine(programs[name], name),
        resume: ({ bytes }) => new MovableMachine(programs[name], name, JSON.parse(Buffer.from(bytes).toString())),
      }),
    };
    const data = nativeData(Object.keys(programs), { limits: options.limits });
    for (let index = 0; index < count; index++) {
      this.#tasks.push([]);
      this.#timers.push(undefined);
    }
    const nudged: (() => void)[][] = Array.from({ length: count }, () => []);
    for (let index = 0; index < count; index++) {
      const ports = Array.from({ length: count }, (_, other) => {
        if (other === index) return undefined;
        const port = {
          postMessage: () => this.#tasks[other].push(() => nudged[other][0]()),
          on: (_event: string, listener: () => void) => nudged[index].push(listener),
        };
        return port as unknown as MessagePort;
      });
      const clock = this.#clock(index);
      const { scheduler } = join(
        {
          index,
          memory: this.memory,
          rings: this.rings,
          ports,
          bytesPorts: [],
          placement: options.placement ?? 'least-loaded',
          restless: options.restless ?? false,
        },
        new Deployed(data, [machine], capabilityDefinitions),
        clock,
        createServices({}, clock),
      );
      this.schedulers.push(scheduler);
    }
  }

  #clock(index: number): Clock {
    return {
      // Each look takes a quarter of a burst, so that bursts are short.
      now: () => ++this.#time,
      unix: () => this.#time,
      random: () => (this.isWild ? this.chance.next() : 0.99),
      arm: (milliseconds, wake) => {
        const timer = { at: this.#time + milliseconds, wake };
        this.#timers[index] = timer;
        return timer;
      },
      disarm: timer => {
        if (this.#timers[index] === timer) this.#timers[index] = undefined;
      },
      defer: turn => this.#tasks[index].push(turn),
      hold: () => () => undefined,
    };
  }

  /** Put a process on a scheduler, as if one from outside had spawned it there. */
  place(index: number, name: string, args: Payload[], inherited: Inherited = NOTHING_INHERITED): Process {
    const scheduler = this.schedulers[index];
    const host = scheduler.deployed.hosts.get('t:host')!;
    const linked = scheduler.deployed.link(`t:${name}`, host, 't');
    if (linked instanceof Error) throw linked;
    scheduler.counters.enter(host.index, host.maxProcesses);
    const slot = scheduler.table.allocate();
    const process = new Process(linked, slot, scheduler.table.generationOf(slot), args, inherited);
    scheduler.outbound!.announce(process.number, index, host);
    scheduler.admit(process);
    scheduler.kick();
    return process;
  }

  /** Let something happen on a scheduler's thread outside of its loop, when its event loop has its turn. */
  outside(index: number, task: () => void): void {
    this.#tasks[index].push(task);
  }

  /** Some scheduler that has something to do does it, paused by others at random; false: nobody has anything to do. */
  goOn(): boolean {
    pause = memory => this.#pauseAt(memory);
    try {
      const went = this.#oneGoesOn();
      if (this.#thrown !== undefined) throw this.#thrown;
      if (went) return true;
    } finally {
      pause = undefined;
    }
    return this.#nextTimer();
  }

  /** One scheduler goes on alone, for so many turns of its event loop at most; the others stand still. */
  turn(index: number, turns = 1): void {
    for (; turns > 0 && this.#tasks[index].length > 0; turns--) this.#tasks[index].shift()!();
  }

  /** Give processes that wait to another scheduler, now. */
  give(from: number, processes: readonly Process[], taker: number): void {
    for (const process of processes) if (!pack(process)) throw new Error(`${process.pid} cannot be moved`);
    this.schedulers[from].outbound!.give(processes, taker);
  }

  #oneGoesOn(): boolean {
    const able = this.#tasks.map((_, index) => index).filter(i => this.#tasks[i].length > 0 && !this.#active.has(i));
    if (able.length === 0) return false;
    const index = able[this.chance.below(able.length)];
    this.#active.add(index);
    try {
      this.#tasks[index].shift()!();
    } catch (thrown) {
      // Where it is paused in, somebody else may take it for an error of theirs.
      this.#thrown ??= thrown;
    } finally {
      this.#active.delete(index);
    }
    return true;
  }

  #pauseAt(memory: ArrayBufferLike): void {
    // Who is paused inside of a lock keeps everybody waiting.
    if (!this.isWild || memory === this.memory.names || this.chance.next() >= this.#pauses) return;
    for (let times = 1 + this.chance.below(3); times > 0 && this.#oneGoesOn(); times--);
  }

  /** Nothing else to do: time passes until the next timer. */
  #nextTimer(): boolean {
    let next = -1;
    this.#timers.forEach((timer, i) => {
      if (timer !== undefined && (next < 0 || timer.at < this.#timers[next]!.at)) next = i;
    });
    if (next < 0) return false;
    const { at, wake } = this.#timers[next]!;
    this.#timers[next] = undefined;
    this.#time = Math.max(this.#time, at);
    this.#tasks[next].push(wake);
    return true;
  }

  /** Until nobody has anything to do, after `wild` turns in which processes move. Throws where that never happens. */
  settle(wild: number): void {
    for (let i = 0; i < wild && this.goOn(); i++);
    this.isWild = false;
    for (let i = 0; this.goOn(); i++) if (i > 200_000) throw new Error(`it never comes to rest\n${this.state}`);
  }

  /** What is wrong although everybody rests; empty where nothing is. */
  get leftovers(): string[] {
    const { memory, schedulers, rings } = this;
    const wrong: string[] = [];
    const marks = new Int32Array(memory.departures);
    const taken = new Int32Array(memory.arrivals);
    const attention = new Int32Array(memory.attention);
    const directory = new Directory(memory);
    schedulers.forEach((scheduler, i) => {
      if (marks[2 * i] !== marks[2 * i + 1] || taken[2 * i] !== taken[2 * i + 1])
        wrong.push(`scheduler ${i}: a batch is still open`);
      if (attention[i * STRIDE] !== 1) wrong.push(`scheduler ${i}: was called and rests`);
      if (scheduler.runnable > 0) wrong.push(`scheduler ${i}: rests with ${scheduler.runnable} runnable`);
      for (const process of scheduler.table.all()) {
        if (directory.whereIs(process.number) !== i) wrong.push(`${process.pid}: the directory says elsewhere`);
        if (process.extras?.arriving !== undefined) wrong.push(`${process.pid}: still arriving`);
      }
      rings.forEach((row, from) => {
        if (row[i] === undefined) return;
        const header = new Int32Array(row[i]);
        if (header[0] !== header[32]) wrong.push(`ring ${from} -> ${i}: not read`);
      });
    });
    const board = new Int32Array(memory.hunger);
    const hungry = board.slice(0, -1).filter(word => word === 1).length;
    if (board[board.length - 1] !== hungry) wrong.push(`the board says ${board.at(-1)} hungry, and ${hungry} are`);
    board.slice(0, -1).forEach((word, i) => {
      if (word > 1) wrong.push(`scheduler ${i}: claimed by ${word - 2}, who rests`);
    });
    return wrong;
  }

  get state(): string {
    const { memory, schedulers } = this;
    const loads = schedulers.map((s, i) => `${i}: ${s.table.live} live, ${s.runnable} runnable, ${s.steps} steps`);
    return [
      ...loads,
      `attention ${Array.from(new Int32Array(memory.attention)).filter((_, i) => i % STRIDE === 0)}`,
      `board ${Array.from(new Int32Array(memory.hunger))}`,
      `batches ${Array.from(new Int32Array(memory.departures))}`,
    ].join('\n');
  }

  get live(): number {
    return this.schedulers.reduce((sum, { table }) => sum + table.live, 0);
  }
}

/** Shared memory for few processes: a run of a few hundred microseconds should not begin with 200 MB. */
function smallMemory(schedulers: number): SharedMemory {
  return {
    schedulers,
    alive: new SharedArrayBuffer(SLOTS * 4),
    where: new SharedArrayBuffer(SLOTS),
    hostOf: new SharedArrayBuffer(SLOTS * 2),
    full: new SharedArrayBuffer(SLOTS),
    rates: new SharedArrayBuffer(0),
    hosts: new SharedArrayBuffer(64),
    load: new SharedArrayBuffer(schedulers * 8),
    names: new SharedArrayBuffer(NAMES_BYTES),
    attention: new SharedArrayBuffer(schedulers * STRIDE * 4),
    hunger: Hunger.allocate(schedulers),
    departures: new SharedArrayBuffer(schedulers * 8),
    arrivals: new SharedArrayBuffer(schedulers * 8),
    beats: new SharedArrayBuffer(schedulers * STRIDE * 4),
    generations: new SharedArrayBuffer(schedulers * 4),
  };
}
