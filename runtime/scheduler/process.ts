/**
 * One process: its record in the process table, its mailbox (`EventQueue`) and what it can do (`StepOutput`), in one
 * object, because a million of them must fit. What most processes never need is in `Extras`, made on first use.
 */
import type { BoundOperation } from '../capabilities/capability.ts';
import { notText, reservedTopic, tooManyTopics } from '../catalogue.ts';
import type { TroupeError } from '../errors.ts';
import type { Linked } from '../hosts/linked.ts';
import {
  abandonCommand,
  commandTimeout,
  execCommand,
  invokeCommand,
  isOutstanding,
  timerCommand,
} from '../lifecycle/commands.ts';
import { hidden, judgeDest, judgeRegister, judgeSend, judgeUnregister } from '../lifecycle/guard.ts';
import { linkProcesses, monitorProcess, unlinkProcesses, unmonitorProcess } from '../lifecycle/links.ts';
import { lookupName, registerName, unregisterName } from '../lifecycle/naming.ts';
import { spawnProcess } from '../lifecycle/spawn.ts';
import { cancelProcess, shutDownProcess, terminateProcess } from '../lifecycle/stop.ts';
import type {
  Answer,
  EventQueue,
  Packed,
  Payload,
  ProcessEvent,
  ProcessOptions,
  SpawnRequest,
  StateMachine,
  StepOutput,
} from '../machine.ts';
import { Message } from '../message.ts';
import { formatPid, numberOf } from '../pid.ts';
import type { Authority } from '../security/authority.ts';
import { Extras } from './extras.ts';
import type { Inherited } from './inherited.ts';
import { Queue } from './queue.ts';
import { NO_TIMER, type TimerOwner } from './timing_wheel.ts';

/** Where a process stands. The scheduler alone changes it. */
export const ProcessState = {
  /** Waits; anything that arrives makes it runnable. */
  Idle: 0,
  /** Waits; answers and process events make it runnable, messages do not. */
  Blocked: 1,
  /** In a run queue. */
  Queued: 2,
  /** Being stepped. */
  Running: 3,
  /** Being stepped, and something arrived meanwhile: must be looked at again. */
  RunningWoken: 4,
  /** Ended: nothing reaches it any more. */
  Dead: 5,
} as const;
export type ProcessState = (typeof ProcessState)[keyof typeof ProcessState];

/** Topics that one process can listen on. */
const MOST_TOPICS = 10_000;
/** Sorting no more messages than that takes no time worth measuring. */
const FEW_MESSAGES = 256;

export class Process implements EventQueue, StepOutput, TimerOwner {
  linked: Linked;
  /** See `pid.ts`. */
  readonly slot: number;
  readonly generation: number;
  state: ProcessState;
  /** Undefined until the first step: a spawn that has not begun is cheap and can still be placed elsewhere. */
  machine: StateMachine | undefined;
  /** Arguments until the first step takes them. */
  args: readonly Payload[] | undefined;
  /** The oldest waiting message; the rest is in `#more`. Most mailboxes never hold a second one. */
  first: Message | undefined;
  more: Queue<Message> | undefined;
  extras: Extras | undefined;
  readonly inherited: Inherited;
  /** What it is asked before it acts on others; undefined: nothing restricts it. */
  authority: Authority | undefined;
  pidText: string | undefined;
  /** Where it sent to last: most processes send to the same one again. */
  lastDest: string | undefined;
  lastTarget: Process | undefined;
  /** Epoch in which it sent to another scheduler last; 0: never. */
  sentAt: number;

  constructor(linked: Linked, slot: number, generation: number, args: readonly Payload[], inherited: Inherited) {
    this.linked = linked;
    this.slot = slot;
    this.generation = generation;
    this.state = ProcessState.Queued;
    this.machine = undefined;
    this.args = args;
    this.first = undefined;
    this.more = undefined;
    this.extras = undefined;
    this.inherited = inherited;
    this.authority = authorityOf(linked, inherited);
    this.pidText = undefined;
    this.lastDest = undefined;
    this.lastTarget = undefined;
    this.sentAt = 0;
  }

  /** What it may do to others has changed: nothing that was allowed before is allowed for that alone. */
  judgeAnew(): void {
    this.authority = authorityOf(this.linked, this.inherited);
    this.lastDest = undefined;
    this.lastTarget = undefined;
  }

  // --- identity -------------------------------------------------------------------------------------------------

  get pid(): string {
    return (this.pidText ??= formatPid(this.linked.pidPrefix, this.slot, this.generation));
  }

  /** The PID's number: for what crosses schedulers. */
  get number(): number {
    return numberOf(this.slot, this.generation);
  }

  get id(): string {
    return this.linked.entry.id;
  }

  get context(): { readonly [key: string]: Payload } {
    return this.inherited.context;
  }

  /** The extras, made on first use. */
  get rare(): Extras {
    return (this.extras ??= new Extras());
  }

  // --- EventQueue -----------------------------------------------------------------------------------------------

  answer(): Answer | undefined {
    return this.extras?.answers?.shift();
  }

  message(): Message | undefined {
    if (this.extras !== undefined && this.extras.replacement !== undefined) return undefined;
    return this.#takeFirst();
  }

  #takeFirst(): Message | undefined {
    const message = this.first;
    if (message !== undefined) {
      this.first = this.more === undefined ? undefined : this.more.shift();
      if (message.bytes !== 0) this.extras!.heldBytes -= message.bytes;
    }
    if (this.extras !== undefined && this.extras.overfull) this.linked.scheduler.relieve(this);
    return message;
  }

  messageOn(topic: string): Message | undefined {
    const topics = this.extras?.topics;
    if (topics === undefined || this.extras!.replacement !== undefined) return undefined;
    if (this.extras!.overfull) this.linked.scheduler.relieve(this);
    const message = topics.get(topic)?.shift();
    if (message !== undefined) {
      this.extras!.routed--;
      if (message.bytes !== 0) this.extras!.heldBytes -= message.bytes;
    }
    return message;
  }

  /** Nothing is listened on any more: all messages wait in one queue again, in the order in which they came. */
  mergeTopics(): void {
    const { extras } = this;
    if (extras === undefined || extras.topics === undefined) return;
    const { topics, routed } = extras;
    extras.topics = undefined;
    extras.listened = undefined;
    extras.routed = 0;
    if (routed === 0) return;
    const messages: Message[] = [];
    for (const queue of topics.values()) drain(queue, messages);
    if (this.first !== undefined) messages.push(this.first);
    if (this.more !== undefined) drain(this.more, messages);
    messages.sort((a, b) => a.order - b.order);
    this.first = messages[0];
    if (messages.length === 1) return;
    this.more ??= new Queue(4);
    for (let i = 1; i < messages.length; i++) this.more.push(messages[i]);
  }

  event(): ProcessEvent | undefined {
    const { rare } = this;
    if (rare.replacement !== undefined) return undefined;
    rare.hears = true;
    return rare.events?.shift();
  }

  hear(): void {
    this.rare.hears = true;
  }

  listen(topic: string): TroupeError | undefined {
    const rare = this.rare;
    if (rare.listened === undefined) rare.listened = new Set();
    if (rare.listened.has(topic)) return undefined;
    if (rare.listened.size >= MOST_TOPICS) return tooManyTopics(MOST_TOPICS);
    if (rare.topics === undefined) rare.topics = new Map();
    if (!rare.topics.has(topic)) rare.topics.set(topic, new Queue());
    rare.listened.add(topic);
    // What came before it was listened for waits in the main queue: sort it in again, now that the topic has a queue.
    const count = this.mainSize;
    const { scheduler } = this.linked;
    const begun = count > FEW_MESSAGES ? scheduler.clock.now() : 0;
    for (let i = 0; i < count; i++) this.append(this.#takeFirst()!);
    if (count > FEW_MESSAGES) scheduler.worked(begun);
    return undefined;
  }

  unlisten(topic: string): void {
    const extras = this.extras;
    if (extras === undefined || extras.listened === undefined) return;
    extras.listened.delete(topic);
    if (extras.topics!.get(topic)?.size === 0) extras.topics!.delete(topic);
  }

  get waiting(): number {
    return this.extras === undefined ? this.mainSize : this.mainSize + this.extras.routed;
  }

  /** Messages on topics that nothing listens on. */
  get mainSize(): number {
    return this.first === undefined ? 0 : this.more === undefined ? 1 : 1 + this.more.size;
  }

  /** Put a message at the end of the queue that its topic goes to. */
  append(message: Message): void {
    if (message.bytes !== 0) this.rare.heldBytes += message.bytes;
    const extras = this.extras;
    if (extras !== undefined && extras.listened !== undefined) {
      if (message.order === 0) message.order = ++extras.arrivals;
      if (extras.listened.has(message.topic)) {
        extras.topics!.get(message.topic)!.push(message);
        extras.routed++;
        return;
      }
    }
    if (this.first === undefined) {
      this.first = message;
    } else {
      if (this.more === undefined) this.more = new Queue(4);
      this.more.push(message);
    }
  }

  // --- StepOutput: what acts at once ----------------------------------------------------------------------------

  send(dest: string, topic: string, payload: Payload | Packed, count: number, bytes = 0): TroupeError | undefined {
    if (typeof topic !== 'string') return notText('the topic', topic);
    if (topic.charCodeAt(0) === 0x40) return reservedTopic(topic);
    const scheduler = this.linked.scheduler;
    scheduler.sends++;
    let target = this.lastTarget;
    if (target === undefined || dest !== this.lastDest || target.state === ProcessState.Dead) {
      let to = dest;
      if (this.authority !== undefined) {
        const judged = judgeSend(this, this.authority, dest);
        if (typeof judged !== 'string') return judged;
        to = judged;
      }
      target = scheduler.table.known.get(to);
      if (target === undefined) return scheduler.sendFar(this, to, topic, payload, count, bytes);
      // Where grants are recorded every send is asked.
      if (this.authority === undefined || scheduler.audit?.grants !== true) {
        this.lastDest = to;
        this.lastTarget = target;
      }
    }
    return scheduler.deliver(target, new Message(topic, this, payload, count, bytes));
  }

  spawn(request: SpawnRequest): string | TroupeError {
    return spawnProcess(this.linked.scheduler, this, request);
  }

  monitor(pid: string): TroupeError | undefined {
    const judged = judgeDest(this, 'process.monitor', pid);
    return typeof judged === 'string' ? monitorProcess(this, judged) : judged;
  }

  unmonitor(pid: string): TroupeError | undefined {
    const judged = judgeDest(this, 'process.unmonitor', pid);
    return typeof judged === 'string' ? unmonitorProcess(this, judged) : unlessMissing(judged);
  }

  link(pid: string): TroupeError | undefined {
    const judged = judgeDest(this, 'process.link', pid);
    return typeof judged === 'string' ? linkProcesses(this, judged) : judged;
  }

  unlink(pid: string): TroupeError | undefined {
    const judged = judgeDest(this, 'process.unlink', pid);
    return typeof judged === 'string' ? unlinkProcesses(this, judged) : unlessMissing(judged);
  }

  cancel(dest: string, reason?: string): TroupeError | undefined {
    const judged = judgeDest(this, 'process.cancel', dest);
    return typeof judged === 'string' ? cancelProcess(this, judged, reason) : judged;
  }

  terminate(dest: string): TroupeError | undefined {
    const judged = judgeDest(this, 'process.terminate', dest);
    return typeof judged === 'string' ? terminateProcess(this, judged) : judged;
  }

  shutdown(dest: string, reason?: string): TroupeError | undefined {
    const judged = judgeDest(this, 'process.terminate', dest);
    return typeof judged === 'string' ? shutDownProcess(this, judged, reason) : judged;
  }

  register(name: string, pid?: string): TroupeError | undefined {
    const judged = judgeRegister(this, name, pid);
    return typeof judged === 'string' ? registerName(this, name, judged) : judged;
  }

  lookup(name: string): string | TroupeError {
    const found = lookupName(this.linked.scheduler, name);
    return hidden(this, name, found) ?? found;
  }

  unregister(name: string): boolean | TroupeError {
    const { scheduler } = this.linked;
    if (this.authority === undefined) return unregisterName(scheduler, name, undefined);
    const judged = judgeUnregister(this, this.authority, name);
    return typeof judged === 'string' ? unregisterName(scheduler, name, judged) : (judged ?? false);
  }

  setOptions(options: Partial<ProcessOptions>): void {
    const rare = this.rare;
    if (options.trap_links !== undefined) rare.trapLinks = options.trap_links;
    if (options.upgradable !== undefined) rare.upgradable = options.upgradable;
  }

  options(): ProcessOptions {
    return { trap_links: this.extras?.trapLinks ?? false, upgradable: this.extras?.upgradable ?? false };
  }

  // --- StepOutput: commands with a tag --------------------------------------------------------------------------

  timer(tag: number, milliseconds: number): void {
    timerCommand(this, tag, milliseconds);
  }

  exec(tag: number, request: SpawnRequest): string | undefined {
    return execCommand(this, tag, request);
  }

  invoke(tag: number, operation: BoundOperation, args: readonly Payload[]): Payload | TroupeError {
    return invokeCommand(this, tag, operation, args);
  }

  abandon(tag: number): boolean {
    return abandonCommand(this, tag);
  }

  isOutstanding(tag: number): boolean {
    return isOutstanding(this, tag);
  }

  takeWork(): number {
    const { scheduler } = this.linked;
    const { work } = scheduler;
    if (work !== 0) scheduler.work = 0;
    return work;
  }

  get anyTimer(): boolean {
    return this.extras !== undefined && this.extras.timers !== NO_TIMER;
  }

  /** A timer of a command has fired. */
  timerFired(tag: number, timer: number): void {
    this.linked.scheduler.timers.fired(this, tag, timer);
    commandTimeout(this, tag);
  }

  // --- StepOutput: the end --------------------------------------------------------------------------------------

  complete(value: Payload): void {
    this.rare.result = { value };
  }

  fail(error: TroupeError): void {
    this.rare.result = { error };
  }

  upgrade(id: string | null, args: readonly Payload[] | TroupeError): void {
    this.rare.upgrade = { id, args };
  }

  wake(): void {
    this.linked.scheduler.wake(this);
    this.linked.scheduler.kick();
  }
}

function drain(queue: Queue<Message>, into: Message[]): void {
  for (let message = queue.shift(); message !== undefined; message = queue.shift()) into.push(message);
}

function authorityOf({ host }: Linked, inherited: Inherited): Authority | undefined {
  return host.isOpen && !inherited.identified ? undefined : host.authorityOf(inherited.context);
}

/** Of somebody who is not there any more one is not told, and has nothing to take back. */
function unlessMissing(error: TroupeError): TroupeError | undefined {
  return error.kind === 'NOT_FOUND' ? undefined : error;
}
