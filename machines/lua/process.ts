/**
 * A Lua process as the scheduler sees it: a state with one or more paths, of which it runs those that can go on.
 *
 * Host functions (`bindings/`) reach the process that runs through `engine.process`. One that must wait notes in the
 * running path what it waits for and yields out of Lua (`wait`); when that has come, the path is resumed and
 * `resumed` leaves the results where the host function would have. Coroutines of the program between the waiting one
 * and the path hand the yield on (`bindings/coroutine.ts`).
 */
import { cpuTotalSpent } from '../../runtime/catalogue.ts';
import { TroupeError } from '../../runtime/errors.ts';
import {
  type Answer,
  type EventQueue,
  type Image,
  type Message,
  type Payload,
  type StateMachine,
  StepStatus,
  type StepOutput,
} from '../../runtime/machine.ts';
import type { Engine } from './engine.ts';
import { pushEntryMethod, readResult } from './entry_method.ts';
import { describeFailure } from './failure.ts';
import { pushSelected, receive, select } from './bindings/channel.ts';
import { isBare, pushItem, timerFired } from './channels.ts';
import { HeldPayloads } from './held_payloads.ts';
import { Outcome, Path, Stage } from './path.ts';
import { PathTurns } from './path_turns.ts';
import { FUEL_PER_MILLISECOND, type LuaProgram } from './program.ts';
import { pushAnswer } from './results.ts';
import { traceback } from './traceback.ts';
import { writeImage } from './process_image.ts';
import { type ProcessRecord, recordPath, restorePath } from './process_record.ts';
import type { ProgramState } from './program_states.ts';
import { REGISTRY, Status } from './vm/layout.ts';
import { How } from './vm/words.ts';
import type { Waits } from './waits.ts';

const CANNOT_WAIT =
  'attempt to wait where it is not possible: inside a callback of a library function (a comparison of table.sort, ' +
  'a replacement of string.gsub, __tostring) or in a library that is being required';

/** Paths resumed and messages taken in one step, so that other processes get their turn. */
const TURNS_PER_STEP = 256;

export class LuaProcess implements StateMachine {
  readonly engine: Engine;
  readonly program: LuaProgram;
  readonly state: ProgramState;
  readonly waits: Waits;
  /** Metatable that marks empty objects; 0 until there is one. */
  objectMark = 0;
  /** Whether the state has the metatables of messages and payloads already. */
  hasMessages: boolean;
  /** Undefined until there is one. */
  held: HeldPayloads | undefined;
  /** Channels that exist once: their memory, 0 until asked for. */
  inbox = 0;
  signals = 0;
  topics: Map<string, number> | undefined;
  topicOf: Map<number, string> | undefined;
  /** Running timers: channels by tag. */
  timers: Map<number, number> | undefined;

  /** Those of the step that runs. */
  events!: EventQueue;
  out!: StepOutput;
  /** The path that runs. */
  path: Path;
  /** What is left of `TURNS_PER_STEP`. */
  turns = 0;
  /** Fuel that is left of the step, and fuel burnt since the process began. */
  #fuel = 0;
  #burnt = 0;
  /** Libraries whose chunk runs now, innermost last. */
  readonly loading: string[] = [];

  readonly #main: Path;
  readonly #turns: PathTurns;
  #method = 'main';
  #args: readonly Payload[] = [];
  #tag = 0;
  #status: StepStatus = StepStatus.Ready;

  private constructor(engine: Engine, program: LuaProgram, state: ProgramState, main: Path) {
    this.engine = engine;
    this.program = program;
    this.state = state;
    this.#turns = new PathTurns(engine.vm.memory);
    this.waits = this.#turns.waits;
    // `Objects.makeUsual` has made them in states that are copies.
    this.hasMessages = engine.vm.slots !== undefined;
    this.#main = main;
    this.path = main;
  }

  /** One that has not begun. */
  static begin(engine: Engine, program: LuaProgram, state: ProgramState): LuaProcess {
    const begun = new LuaProcess(engine, program, state, new Path(state.L, Stage.Chunk, 0));
    begun.start(begun.#main);
    return begun;
  }

  /** Everything of the process that is not in the memory of its state. Only between steps. */
  record(): ProcessRecord {
    const { paths, turns } = this.#turns.record(this.#main);
    return {
      home: this.program.home,
      method: this.#method,
      args: this.#args,
      tag: this.#tag,
      burnt: this.#burnt,
      objectMark: this.objectMark,
      inbox: this.inbox,
      signals: this.signals,
      topics: [...(this.topics ?? [])],
      topicOf: [...(this.topicOf ?? [])],
      timers: [...(this.timers ?? [])],
      tables: this.state.tables.own,
      held: this.held?.record() ?? [],
      paths: paths.map(recordPath),
      turns,
    };
  }

  /** A process from its record; `state` is its state, back in memory. */
  static restore(engine: Engine, program: LuaProgram, state: ProgramState, record: ProcessRecord): LuaProcess {
    const paths = record.paths.map(restorePath);
    const restored = new LuaProcess(engine, program, state, paths[0]);
    restored.#method = record.method;
    restored.#args = record.args;
    restored.#tag = record.tag;
    restored.#burnt = record.burnt;
    restored.objectMark = record.objectMark;
    restored.inbox = record.inbox;
    restored.signals = record.signals;
    if (record.topics.length > 0) restored.topics = new Map(record.topics);
    if (record.topicOf.length > 0) restored.topicOf = new Map(record.topicOf);
    if (record.timers.length > 0) restored.timers = new Map(record.timers);
    if (record.held.length > 0) {
      restored.held = new HeldPayloads();
      restored.held.restore(record.held);
    }
    restored.#turns.restore(record.turns, paths);
    return restored;
  }

  suspend(): Image | undefined {
    return writeImage(this);
  }

  init(method: string, args: readonly Payload[]): void {
    this.#method = method;
    this.#args = args;
  }

  close(): void {
    this.state.close();
  }

  step(events: EventQueue, out: StepOutput): StepStatus {
    this.events = events;
    this.out = out;
    this.turns = TURNS_PER_STEP;
    this.#status = StepStatus.Idle;
    const { engine } = this;
    engine.process = this;
    engine.reader.objectMark = this.objectMark;
    engine.reader.held = this.held;
    engine.objects.tables = this.state.tables;
    this.#fuel = this.program.slice;
    for (let answer = events.answer(); answer !== undefined; answer = events.answer()) this.#take(answer);
    while (this.turns > 0 && this.#fuel > 0) {
      const path = this.#turns.next(this);
      if (path === undefined) return this.#rest();
      this.turns--;
      this.#run(path);
      if (this.#status !== StepStatus.Idle) return this.#status;
    }
    return StepStatus.Ready;
  }

  /** After a call: what it took of the host's time is the program's. */
  chargeWork(): void {
    const milliseconds = this.out.takeWork();
    if (milliseconds > 0) this.engine.vm.charge(Math.ceil(milliseconds * FUEL_PER_MILLISECOND));
  }

  /** No path can go on now. */
  #rest(): StepStatus {
    const { waits } = this;
    if (waits.forMessages) return StepStatus.Idle;
    if (waits.forEvents || waits.forCommands) return StepStatus.Blocked;
    return this.#fail(
      new TroupeError('deadlock: every path of the process waits for something that can never come', {
        kind: 'INTERNAL',
        retryable: false,
        ...this.#standing(this.#main),
      }),
    );
  }

  /** Where a path waits. */
  #standing(path: Path): { place: string | undefined; stack: string } {
    const { text, chunk, line } = traceback(this.engine.vm, path.waiter === 0 ? path.thread : path.waiter);
    const place = chunk === undefined ? undefined : `${this.program.chunkPath(chunk) ?? chunk}:${line}`;
    return { place, stack: text };
  }

  // --- what arrives ---------------------------------------------------------------------------------------------

  #take(answer: Answer): void {
    const path = this.waits.command(answer.tag);
    if (path !== undefined) {
      path.item = answer;
      this.wake(path, Outcome.Answer);
      return;
    }
    const channel = this.timers?.get(answer.tag);
    if (channel !== undefined) timerFired(this, answer.tag, channel);
  }

  // --- paths ----------------------------------------------------------------------------------------------------

  /**
   * A new path that can run at once: its function and `count` values for it lie on its stack. Its coroutine is kept by
   * the registry under its own address.
   */
  start(path: Path): void {
    this.#turns.ready.push(path);
  }

  /** `HeldPayloads.hold` of a payload that has come. */
  hold(payload: Payload, bytes: number): number {
    if (this.held === undefined) {
      this.held = new HeldPayloads();
      this.engine.reader.held = this.held;
    }
    return this.held.hold(payload, bytes);
  }

  nextTag(): number {
    return ++this.#tag;
  }

  /** From a host function: wait for what the running path says. `mustBeAbleToWait` comes first. */
  wait(L: number): number {
    const { path, engine } = this;
    path.waiter = L;
    path.outcome = Outcome.Done;
    this.waits.add(path);
    return engine.vm.wait(engine.vm.continuations.resumed);
  }

  /** The same for one that waits for nothing but what comes out of `channel`, and could be woken by `wakes`. */
  waitOn(L: number, channel: number, wakes: number): number {
    const { path, engine } = this;
    path.waiter = L;
    path.outcome = Outcome.Done;
    path.wakes = wakes;
    this.waits.addOn(path, channel);
    return engine.vm.wait(engine.vm.continuations.resumed);
  }

  /**
   * From a host function that has not begun its work: whether the step has done enough, so that others must have their
   * turn first. Then answer what `pause` answers; the host function begins anew later.
   */
  mustPause(L: number): boolean {
    return this.turns <= 0 && this.engine.vm.isYieldable(L);
  }

  pause(L: number): number {
    const { path, engine } = this;
    path.waiter = L;
    path.outcome = Outcome.Again;
    this.#turns.yielded.push(path);
    return engine.vm.wait(engine.vm.continuations.resumed);
  }

  /** Raise an error where a host function cannot wait: inside a metamethod, a sort or gsub callback and the like. */
  mustBeAbleToWait(L: number): void {
    const { vm } = this.engine;
    if (!vm.isYieldable(L)) vm.raise(L, CANNOT_WAIT);
  }

  /** `path` has what it waited for. */
  wake(path: Path, outcome: Outcome): void {
    this.waits.remove(path);
    path.outcome = outcome;
    this.#turns.ready.push(path);
  }

  /** The running path must not wait after all. */
  cannotWait(): void {
    const { path } = this;
    if (this.#status === StepStatus.Upgrade) {
      // It was to go on as another program, and waits for nothing.
      this.#status = StepStatus.Idle;
      path.outcome = Outcome.CannotWait;
      return;
    }
    if (path.outcome === Outcome.Again) {
      // It only made room for others; here that is not possible, so it goes on.
      this.#turns.yielded.pop();
      this.turns = TURNS_PER_STEP;
      return;
    }
    if (path.tag !== 0) this.out.abandon(path.tag);
    this.waits.remove(path);
    path.outcome = Outcome.CannotWait;
  }

  /** Leave the path for good: the process goes on as another program. */
  upgrade(L: number, id: string | null, args: readonly Payload[] | TroupeError): number {
    this.mustBeAbleToWait(L);
    this.out.upgrade(id, args);
    this.#status = StepStatus.Upgrade;
    this.path.outcome = Outcome.Done;
    this.path.waiter = L;
    return this.engine.vm.wait(this.engine.vm.continuations.resumed);
  }

  #run(path: Path): void {
    this.path = path;
    const { vm } = this.engine;
    for (;;) {
      if (path.suspended) {
        vm.markSuspended(path.thread);
        if (path.outcome === Outcome.Item && path.waiter !== 0) this.#handOver(path);
      }
      const status = vm.resume(path.thread, path.count, Math.max(this.#fuel, 1), this.program.patience);
      const { burnt } = vm;
      this.#fuel -= burnt;
      this.#burnt += burnt;
      path.count = 0;
      path.suspended = status === Status.Yield;
      if (this.#burnt > this.program.fuelLimit) {
        if (status === Status.Yield && vm.how() === How.Preempted) vm.showInterrupted(path.thread);
        this.#fail(cpuTotalSpent(this.program.id, this.program.cpuTotal!, this.#standing(path)));
        return;
      }
      if (status === Status.Yield) {
        vm.markRunning(path.thread);
        const how = vm.how();
        if (how === How.Waits) return;
        if (how === How.Preempted) {
          this.#turns.interrupted = path;
          return;
        }
        // A bare coroutine.yield: let the other paths run.
        vm.api.lua_settop(path.thread, -vm.memory.i32[vm.out >>> 2] - 1);
        this.#turns.yielded.push(path);
        return;
      }
      if (status !== Status.Ok) {
        this.#fail(describeFailure(this.engine, this.program, path.thread, status));
        return;
      }
      if (path !== this.#main) {
        this.drop(path);
        return;
      }
      if (path.stage === Stage.Body) {
        this.#complete(path.thread);
        return;
      }
      this.#nextStage(path);
    }
  }

  /** What needs no memory of Lua's is handed to the path that waited for it without being asked. */
  #handOver(path: Path): void {
    const { item, channel } = path;
    if (path.selecting || !isBare(this, channel)) return;
    const { payload } = item as Message;
    const { vm } = this.engine;
    if (typeof payload === 'number') this.engine.writer.pushNumber(path.waiter, payload);
    else if (typeof payload === 'boolean') vm.pushBoolean(path.waiter, payload);
    else return;
    vm.pushBoolean(path.waiter, true);
    vm.setReadyResults(2);
    path.waiter = 0;
    path.item = undefined;
    path.outcome = Outcome.Done;
  }

  /** A path other than the main one has ended. */
  drop(path: Path): void {
    const { api } = this.engine.vm;
    api.lua_pushnil(this.state.L);
    api.lua_rawsetp(this.state.L, REGISTRY, path.thread);
  }

  /** The chunk has returned, or `enterMethod` has: what it left on the stack runs next. */
  #nextStage(path: Path): void {
    const { vm } = this.engine;
    const L = path.thread;
    if (path.stage === Stage.Chunk) {
      path.stage = Stage.Enter;
      vm.api.lua_settop(L, 1);
      vm.api.lua_pushcclosure(L, vm.functions['path.enter'], 0);
      vm.api.lua_rotate(L, 1, 1);
      path.count = 1;
    } else {
      path.stage = Stage.Body;
      path.count = vm.count(L) - 1;
    }
  }

  /** Called in the process with what its chunk returned: leaves the entry method and its arguments. */
  enterMethod(L: number): number {
    const args = this.#args;
    this.#args = [];
    return pushEntryMethod(this.engine, L, this.program, this.#method, args);
  }

  #complete(L: number): void {
    const result = readResult(this.engine, L);
    if (result.error !== undefined) this.#fail(result.error);
    else {
      this.out.complete(result.value);
      this.#status = StepStatus.Complete;
    }
  }

  #fail(error: TroupeError): StepStatus {
    this.out.fail(error);
    this.#status = StepStatus.Complete;
    return this.#status;
  }

  // --- going on after a wait ------------------------------------------------------------------------------------

  /** Called in the coroutine that waited: leaves the results of the host function that waited. */
  resumed(L: number): number {
    const { path, engine } = this;
    const { vm } = engine;
    if (vm.how() === How.CannotWait) this.cannotWait();
    const { item, selecting } = path;
    path.waiter = 0;
    path.item = undefined;
    path.selecting = false;
    switch (path.outcome) {
      case Outcome.Value:
        vm.pushBoolean(L, true);
        break;
      case Outcome.Item:
        pushItem(this, L, path.channel, item as Message);
        vm.pushBoolean(L, true);
        break;
      case Outcome.Closed:
        vm.pushNil(L);
        vm.pushBoolean(L, false);
        break;
      case Outcome.Sent:
        if (!selecting) {
          vm.pushBoolean(L, true);
          return 1;
        }
        vm.pushNil(L);
        vm.pushBoolean(L, true);
        break;
      case Outcome.SendClosed:
        return engine.vm.raise(L, 'send on closed channel');
      case Outcome.Answer:
        return pushAnswer(engine, L, item as Answer);
      case Outcome.Again:
        return selecting ? select(engine, L) : receive(engine, L);
      case Outcome.CannotWait:
        return engine.vm.raise(L, CANNOT_WAIT);
      default:
        return 0;
    }
    return selecting ? pushSelected(engine, L, path.chosen) : 2;
  }
}
