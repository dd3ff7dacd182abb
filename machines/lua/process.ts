/**
 * A Lua process as the scheduler sees it: a state with one or more paths, of which it runs those that can go on.
 *
 * Host functions (`bindings/`) reach the process that runs through `engine.process`. One that must wait notes in the
 * running path what it waits for and yields out of Lua (`wait`); when that has come, the path is resumed and
 * `resumed` leaves the results where the host function would have. Coroutines of the program between the waiting one
 * and the path hand the yield on (`bindings/coroutine.ts`).
 */
import { TroupeError } from '../../runtime/errors.ts';
import {
  type Answer,
  type EventQueue,
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
import { pollChannel, pushItem, timerFired } from './channels.ts';
import { Outcome, Path, Stage } from './path.ts';
import { PathQueue } from './path_queue.ts';
import type { LuaProgram } from './program.ts';
import { pushAnswer } from './results.ts';
import { traceback } from './traceback.ts';
import { type LuaState, openState } from './vm/state.ts';
import { REGISTRY, Status } from './vm/layout.ts';
import { Waits } from './waits.ts';

const CANNOT_WAIT =
  'attempt to wait where it is not possible: inside a callback of a library function (a comparison of table.sort, ' +
  'a replacement of string.gsub, __tostring) or in a library that is being required';

/** Paths resumed and messages taken in one step, so that other processes get their turn. */
const TURNS_PER_STEP = 256;

export class LuaProcess implements StateMachine {
  readonly engine: Engine;
  readonly program: LuaProgram;
  readonly state: LuaState;
  readonly waits: Waits;
  /** Tables of the host's modules in this state, by `LinkedModule.index`; 0 where not made. */
  readonly tables: number[] = [];
  /** Metatable that marks empty objects; 0 until there is one. */
  objectMark = 0;
  /** Channels that exist once: their memory, 0 until asked for. */
  inbox = 0;
  signals = 0;
  topics: Map<string, number> | undefined;
  topicOf: Map<number, string> | undefined;
  /** Running timers: channels by tag. */
  timers: Map<number, number> | undefined;
  /** Coroutines of the program that wait, or in which one waits: nobody else may resume them. */
  #waiting: Set<number> | undefined;

  /** Those of the step that runs. */
  events!: EventQueue;
  out!: StepOutput;
  /** The path that runs. */
  path: Path;
  /** What is left of `TURNS_PER_STEP`. */
  turns = 0;
  /** Whether the running path has just begun to wait, as opposed to a coroutine that yields to its own resumer. */
  suspending = false;
  /** Coroutines of paths other than the main one. */
  #threads: Set<number> | undefined;
  /** Libraries whose chunk runs now, innermost last. */
  readonly loading: string[] = [];

  readonly #main: Path;
  readonly #ready = new PathQueue();
  /** Paths that could go on and only made room for others. */
  readonly #yielded = new PathQueue();
  #outsideNext = false;
  #method = 'main';
  #args: readonly Payload[] = [];
  #tag = 0;
  #status: StepStatus = StepStatus.Ready;

  /** Throws UNAVAILABLE where there is no room for another state. */
  constructor(engine: Engine, program: LuaProgram) {
    this.engine = engine;
    this.program = program;
    this.waits = new Waits(engine.vm.memory);
    engine.process = this;
    this.state = openState(engine.vm, engine.vm.functions['state.open'], this.program.memoryLimit);
    this.#main = new Path(this.state.L, Stage.Chunk, 0);
    this.path = this.#main;
    this.#ready.push(this.#main);
  }

  /** Called in the new state: its globals, and its chunk as the one result. */
  open(L: number): number {
    const { engine, program } = this;
    engine.objects.open(L);
    const { bytecode, chunkName } = program.main;
    if (engine.vm.load(L, bytecode, chunkName, 'b') !== Status.Ok) return engine.vm.api.lua_error(L);
    return 1;
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
    for (let answer = events.answer(); answer !== undefined; answer = events.answer()) this.#take(answer);
    while (this.turns > 0) {
      const path = this.#next();
      if (path === undefined) return this.#rest();
      this.turns--;
      this.#run(path);
      if (this.#status !== StepStatus.Idle) return this.#status;
    }
    return StepStatus.Ready;
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

  /**
   * The path to run: one that was woken, else by turns one for which something has come from outside and one that only
   * made room for others. So neither a flood of messages nor a busy loop keeps the other kind waiting.
   */
  #next(): Path | undefined {
    if (!this.#ready.empty) return this.#ready.shift();
    const yielded = this.#yielded;
    if (yielded.empty) return this.#takeExternal();
    this.#outsideNext = !this.#outsideNext;
    return (this.#outsideNext ? this.#takeExternal() : undefined) ?? yielded.shift();
  }

  /** The first path for which a message or a process event has come, with it in its `item`. */
  #takeExternal(): Path | undefined {
    const { external } = this.waits;
    for (let i = 0; i < external.length; i++) {
      const path = external[i];
      const { channels, sends } = path;
      for (let k = 0; k < channels.length; k++) {
        if (sends?.[k]) continue;
        const item = pollChannel(this, channels[k]);
        if (item === undefined) continue;
        path.item = item;
        path.chosen = k;
        path.channel = channels[k];
        path.outcome = Outcome.Item;
        this.waits.remove(path);
        return path;
      }
    }
    return undefined;
  }

  // --- paths ----------------------------------------------------------------------------------------------------

  /** A new path that can run at once: its function and `count` values for it lie on its stack. */
  start(path: Path): void {
    this.adopt(path);
    this.#ready.push(path);
  }

  /** A new path that something else will wake. Its coroutine is kept by the registry under its own address. */
  adopt(path: Path): void {
    (this.#threads ??= new Set()).add(path.thread);
  }

  /** A coroutine of the program waits, or one inside it does; or it goes on. */
  setWaiting(co: number, waits: boolean): void {
    if (waits) (this.#waiting ??= new Set()).add(co);
    else this.#waiting?.delete(co);
  }

  /** Whether a coroutine belongs to the machine for now: it is a path, or it waits. Programs must leave it alone. */
  holds(co: number): boolean {
    return (this.#waiting?.has(co) ?? false) || co === this.state.L || (this.#threads?.has(co) ?? false);
  }

  nextTag(): number {
    return ++this.#tag;
  }

  /** From a host function: wait for what the running path says. `mustBeAbleToWait` comes first. */
  wait(L: number): number {
    const { path, engine } = this;
    path.waiter = L;
    path.outcome = Outcome.Done;
    this.suspending = true;
    this.waits.add(path);
    return engine.vm.yield(engine.vm.continuations.resumed);
  }

  /**
   * From a host function that has not begun its work: whether the step has done enough, so that others must have their
   * turn first. Then answer what `pause` answers; the host function begins anew later.
   */
  mustPause(L: number): boolean {
    return this.turns <= 0 && this.engine.vm.api.lua_isyieldable(L) !== 0;
  }

  pause(L: number): number {
    const { path, engine } = this;
    path.waiter = L;
    path.outcome = Outcome.Again;
    this.suspending = true;
    this.#yielded.push(path);
    return engine.vm.yield(engine.vm.continuations.resumed);
  }

  /** Raise an error where a host function cannot wait: inside a metamethod, a sort or gsub callback and the like. */
  mustBeAbleToWait(L: number): void {
    const { vm } = this.engine;
    if (vm.api.lua_isyieldable(L) === 0) vm.raise(L, CANNOT_WAIT);
  }

  /** `path` has what it waited for. */
  wake(path: Path, outcome: Outcome): void {
    this.waits.remove(path);
    path.outcome = outcome;
    this.#ready.push(path);
  }

  /** The running path must not wait after all. */
  cannotWait(): void {
    const { path } = this;
    this.suspending = false;
    if (this.#status === StepStatus.Upgrade) this.#status = StepStatus.Idle;
    if (path.outcome === Outcome.Again) {
      // It only made room for others; here that is not possible, so it goes on.
      this.#yielded.pop();
      this.turns = TURNS_PER_STEP;
      return;
    }
    if (path.tag !== 0) this.out.abandon(path.tag);
    this.waits.remove(path);
    path.outcome = Outcome.CannotWait;
  }

  /** Leave the path for good: the process goes on as another program. */
  upgrade(L: number, id: string | null, args: readonly Payload[]): number {
    this.mustBeAbleToWait(L);
    this.out.upgrade(id, args);
    this.#status = StepStatus.Upgrade;
    this.path.outcome = Outcome.Done;
    this.path.waiter = L;
    this.suspending = true;
    return this.engine.vm.yield(this.engine.vm.continuations.resumed);
  }

  #run(path: Path): void {
    this.path = path;
    const { vm } = this.engine;
    for (;;) {
      this.suspending = false;
      const status = vm.resume(path.thread, path.count);
      path.count = 0;
      if (status === Status.Yield) {
        if (this.suspending) return;
        // A bare coroutine.yield: let the other paths run.
        vm.api.lua_settop(path.thread, -vm.memory.u32[vm.out >>> 2] - 1);
        this.#yielded.push(path);
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

  /** A path other than the main one has ended. */
  drop(path: Path): void {
    const { api } = this.engine.vm;
    this.#threads!.delete(path.thread);
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
    const { api } = engine.vm;
    const { item, selecting } = path;
    path.waiter = 0;
    path.item = undefined;
    path.selecting = false;
    switch (path.outcome) {
      case Outcome.Value:
        api.lua_pushboolean(L, 1);
        break;
      case Outcome.Item:
        pushItem(this, L, path.channel, item as Message);
        api.lua_pushboolean(L, 1);
        break;
      case Outcome.Closed:
        api.lua_pushnil(L);
        api.lua_pushboolean(L, 0);
        break;
      case Outcome.Sent:
        if (!selecting) {
          api.lua_pushboolean(L, 1);
          return 1;
        }
        api.lua_pushnil(L);
        api.lua_pushboolean(L, 1);
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
