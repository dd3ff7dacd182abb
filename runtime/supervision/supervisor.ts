/**
 * What a supervisor decides (semantics section 7), as in Erlang/OTP: one thing after the other. While a child starts or stops
 * nothing else is done; ends of other children and requests wait for their turn, in the order in which they came.
 *
 * Nothing here acts, waits or knows the time by itself: what happens comes in by calls, what is to be done goes out to
 * `Effects`, and `proceed` goes on until there is something to wait for. So the same calls lead to the same effects.
 */
import type { TroupeError } from '../errors.ts';
import type { LogLevel } from '../logger.ts';
import type { Payload } from '../payload/payload.ts';
import { Queue } from '../scheduler/queue.ts';
import { type Child, Children } from './children.ts';
import type { Revisions } from './fallback.ts';
import { Intensity } from './intensity.ts';
import type { Request } from './request.ts';
import type { SupervisorSpecification } from './specification.ts';
import {
  childKeyTaken,
  childNotFound,
  childNotRenewed,
  childNotStarted,
  childRuns,
  gaveUp,
  notATemplate,
  notForTemplates,
  shownChild,
  startTimeout,
} from './supervisor_errors.ts';

/** What a supervisor does to the world. `run` numbers the processes that it starts. */
export interface Effects {
  /** Milliseconds, of any beginning. */
  now(): number;
  /** Revisions of the program that a child runs. */
  revisions(child: Child): Revisions;
  /** The child's PID; undefined where it cannot be spawned, which `ended` tells. `revision`: of its program; undefined: the present one. */
  spawn(child: Child, revision: number | undefined): string | undefined;
  shutdown(pid: string, reason: string): void;
  terminate(pid: string): void;
  /** Call `expired(timer)` after `milliseconds`. */
  arm(timer: number, milliseconds: number): void;
  disarm(timer: number): void;
  /** All children have started: from now on the supervisor's own failure is its maker's. */
  up(): void;
  reply(request: Request, answer: Payload): void;
  /** Say what happened, and because of what. */
  report(level: LogLevel, text: string, error: TroupeError | undefined): void;
}

/** How a supervisor ends; without an error: as it was asked to, or by a significant child. */
export interface Ending {
  readonly error: TroupeError | undefined;
}

/** What waits for its turn. `run`: of the process that has ended; a later one has nothing to do with it. */
type Waiting =
  | { readonly what: 'end'; readonly child: Child; readonly run: number }
  | { readonly what: 'retry'; readonly child: Child }
  | { readonly what: 'request'; readonly request: Request };

/** With which children are asked to end. */
const SUPERVISOR_STOPS = 'supervisor stopping';
const STOPPED_BY_REQUEST = 'stopped by request';
const NEW_CODE = 'there is new code';
const NOT_ENDED = 'did not end when it was asked to; it is terminated';

export class Supervisor {
  readonly #id: string;
  readonly #specification: SupervisorSpecification;
  readonly #effects: Effects;
  readonly #children = new Children();
  readonly #byRun = new Map<number, Child>();
  readonly #byPid = new Map<string, Child>();
  readonly #waiting = new Queue<Waiting>(4);
  readonly #intensity: Intensity;
  readonly #life: Generator<void, Ending, void>;
  #runs = 0;
  /** One at a time, because one thing is done at a time; another number each time. */
  #timer = 0;
  #isExpired = false;
  /** Significant children that are not `stopped`. */
  #significant = 0;
  #ending: Ending | undefined = undefined;
  /** The reason that children are given when the supervisor ends. */
  #reason = SUPERVISOR_STOPS;
  #isUp = false;

  /** `id`: how messages name it. */
  constructor(id: string, specification: SupervisorSpecification, effects: Effects) {
    this.#id = id;
    this.#specification = specification;
    this.#effects = effects;
    this.#intensity = new Intensity(specification.intensity);
    this.#life = this.#live();
  }

  /** Whether all children were started; before that a supervisor has not started itself. */
  get isUp(): boolean {
    return this.#isUp;
  }

  // --- what happens ---------------------------------------------------------------------------------------------

  /** A child waits for the first time. */
  started(pid: string): void {
    const child = this.#byPid.get(pid);
    if (child !== undefined) child.up = true;
  }

  /** The process `run` has ended, or could not be spawned. */
  ended(run: number, error: TroupeError | undefined): void {
    const child = this.#byRun.get(run)!;
    this.#byRun.delete(run);
    if (child.pid !== undefined) this.#byPid.delete(child.pid);
    child.pid = undefined;
    child.gone = true;
    child.error = error;
    this.#lookBack(child);
    if (child.state === 'running') this.#noteEnd(child);
  }

  expired(timer: number): void {
    if (timer === this.#timer) this.#isExpired = true;
  }

  asked(request: Request): void {
    this.#waiting.push({ what: 'request', request });
  }

  /** End, after all children have ended. */
  stop(reason: string): void {
    if (this.#ending === undefined && reason !== '') this.#reason = reason;
    this.#ending ??= { error: undefined };
  }

  /** Do what can be done now; how the supervisor ends, once nothing is left to do. */
  proceed(): Ending | undefined {
    const { done, value } = this.#life.next();
    return done ? value : undefined;
  }

  // --- its life -------------------------------------------------------------------------------------------------

  *#live(): Generator<void, Ending, void> {
    yield* this.#startAll();
    if (this.#ending === undefined) {
      this.#isUp = true;
      this.#effects.up();
    }
    while (this.#ending === undefined) {
      const next = this.#waiting.shift();
      if (next === undefined) yield;
      else yield* this.#attend(next);
    }
    if (this.#isSimple) yield* this.#stopAtOnce();
    else yield* this.#stopFrom(undefined, this.#reason);
    return this.#ending;
  }

  get #isSimple(): boolean {
    return this.#specification.strategy === 'simple_one_for_one';
  }

  *#startAll(): Generator<void, void, void> {
    if (this.#isSimple) return;
    for (const specification of this.#specification.children) {
      const child = this.#children.add(specification);
      if (child === undefined) this.#ending ??= { error: childKeyTaken(specification.name!) };
    }
    for (let child = this.#children.first; child !== undefined && this.#ending === undefined; child = child.next) {
      const failure = yield* this.#start(child);
      if (failure !== undefined) this.#ending ??= { error: childNotStarted(this.#id, child, failure) };
    }
  }

  *#attend(next: Waiting): Generator<void, void, void> {
    if (next.what === 'request') {
      this.#effects.reply(next.request, yield* this.#answer(next.request));
      return;
    }
    const { child } = next;
    if (next.what === 'retry') {
      if (child.state === 'restarting') yield* this.#restart(child);
    } else if (child.state === 'ended' && child.run === next.run) yield* this.#attendEnd(child);
  }

  // --- ends and restarts ----------------------------------------------------------------------------------------

  #noteEnd(child: Child): void {
    this.#set(child, 'ended');
    this.#waiting.push({ what: 'end', child, run: child.run });
  }

  *#attendEnd(child: Child): Generator<void, void, void> {
    const { restart, significant } = child.specification;
    if (restart === 'permanent' || (restart === 'transient' && child.error !== undefined)) {
      yield* this.#restart(child);
      return;
    }
    if (child.error !== undefined) this.#say('warn', child, 'failed; it is not restarted', child.error);
    this.#leave(child);
    if (!significant) return;
    const mode = this.#specification.auto_shutdown;
    if (mode === 'never' || (mode === 'all_significant' && this.#significant > 0)) return;
    this.#say('info', child, 'is significant and has ended; the supervisor ends as well');
    this.stop('');
  }

  /** It does not run any more, and is not going to by itself. A temporary child is forgotten, as is one of a template. */
  #leave(child: Child): void {
    this.#set(child, 'stopped');
    if (this.#isSimple || child.specification.restart === 'temporary') this.#children.remove(child);
  }

  /** After its end, or after a restart of it that failed. */
  *#restart(child: Child): Generator<void, void, void> {
    if (!this.#intensity.allows(this.#effects.now(), child.key)) {
      const error = gaveUp(this.#id, this.#specification, this.#intensity.culprits, child);
      this.#ending = { error };
      this.#effects.report('error', error.message, child.error);
      return;
    }
    if (child.error === undefined) this.#say('info', child, 'has ended; it is restarted');
    else this.#say('warn', child, 'failed; it is restarted', child.error);
    switch (this.#specification.strategy) {
      case 'one_for_one':
      case 'simple_one_for_one': {
        const failure = yield* this.#start(child);
        if (failure !== undefined) this.#retry(child, failure);
        return;
      }
      case 'one_for_all':
        yield* this.#restartFrom(undefined, child);
        return;
      case 'rest_for_one':
        yield* this.#restartFrom(child, child);
        return;
    }
  }

  /** Stop `from` (undefined: all children) and those behind it, in reverse, and start them again. */
  *#restartFrom(from: Child | undefined, cause: Child): Generator<void, void, void> {
    this.#set(cause, 'stopped');
    yield* this.#stopFrom(from, `${cause.key} has ended`);
    for (let child = from ?? this.#children.first; child !== undefined; child = child.next) {
      if (this.#ending !== undefined) return;
      const failure = yield* this.#start(child);
      if (failure === undefined) continue;
      this.#retry(child, failure);
      return;
    }
  }

  /** Its start failed: again, after what waits already. */
  #retry(child: Child, failure: TroupeError): void {
    child.error = failure;
    this.#set(child, 'restarting');
    this.#waiting.push({ what: 'retry', child });
  }

  // --- one child ------------------------------------------------------------------------------------------------

  /**
   * Why it could not be started. One that ended without an error before it waited for anything has started, and ended.
   * `revision`: of its program; undefined: as its fallback says, or the present one.
   */
  *#start(child: Child, revision?: number): Generator<void, TroupeError | undefined, void> {
    const { start_timeout: bound } = child.specification;
    if (child.run > 0) child.restarts++;
    this.#set(child, 'starting');
    child.run = ++this.#runs;
    child.up = false;
    child.gone = false;
    this.#byRun.set(child.run, child);
    child.pid = this.#spawn(child, revision);
    if (child.pid !== undefined) this.#byPid.set(child.pid, child);
    this.#arm(bound);
    // Why it could not be spawned is told in any case.
    while (!child.up && !child.gone && (child.pid === undefined || !(this.#isExpired || this.#ending))) yield;
    this.#disarm(bound);
    if (child.gone) {
      if (!child.up && child.error !== undefined) {
        this.#set(child, 'stopped');
        return child.error;
      }
      this.#noteEnd(child);
      return undefined;
    }
    if (child.up || this.#ending !== undefined) {
      this.#set(child, 'running');
      return undefined;
    }
    yield* this.#end(child, 0, '');
    this.#set(child, 'stopped');
    return startTimeout(child, bound);
  }

  #spawn(child: Child, wanted: number | undefined): string | undefined {
    const { fallback } = child;
    if (fallback === undefined) return this.#effects.spawn(child, wanted);
    const revisions = this.#effects.revisions(child);
    const revision = wanted ?? fallback.next(revisions);
    fallback.started(revision ?? revisions.present, this.#effects.now());
    return this.#effects.spawn(child, revision);
  }

  /** It has ended, perhaps because its code is new and broken. */
  #lookBack(child: Child): void {
    const { fallback, error } = child;
    if (fallback === undefined || error === undefined || child.state === 'stopping') return;
    const { within } = this.#specification.intensity;
    if (!fallback.failed(error, this.#effects.now(), this.#effects.revisions(child), within)) return;
    this.#say('warn', child, 'failed with new code, and goes back to the code before', error);
  }

  /** Stop the children behind `from` and then itself, the last one first; undefined: all. */
  *#stopFrom(from: Child | undefined, reason: string): Generator<void, void, void> {
    const until = from?.previous;
    for (let child = this.#children.last; child !== until && child !== undefined; child = child.previous) {
      yield* this.#stop(child, reason);
    }
  }

  *#stop(child: Child, reason: string): Generator<void, void, void> {
    yield* this.#end(child, child.specification.shutdown, reason);
    this.#leave(child);
  }

  /** Until its process has ended: asked first, then by force after so many milliseconds. */
  *#end(child: Child, bound: number, reason: string): Generator<void, void, void> {
    if (child.gone) return;
    this.#set(child, 'stopping');
    const pid = child.pid!;
    if (bound > 0) {
      this.#effects.shutdown(pid, reason);
      this.#arm(bound);
      while (!child.gone && !this.#isExpired) yield;
      this.#disarm(bound);
      if (child.gone) return;
      this.#say('warn', child, NOT_ENDED);
    }
    this.#effects.terminate(pid);
    while (!child.gone) yield;
  }

  /** All children have one template: they are asked all at once, and have the same time. */
  *#stopAtOnce(): Generator<void, void, void> {
    const bound = this.#specification.children[0].shutdown;
    for (const child of this.#byRun.values()) this.#set(child, 'stopping');
    if (bound > 0) {
      for (const { pid } of this.#byRun.values()) this.#effects.shutdown(pid!, this.#reason);
      this.#arm(bound);
      while (this.#byRun.size > 0 && !this.#isExpired) yield;
      this.#disarm(bound);
    }
    for (const child of this.#byRun.values()) {
      if (bound > 0) this.#say('warn', child, NOT_ENDED);
      this.#effects.terminate(child.pid!);
    }
    while (this.#byRun.size > 0) yield;
  }

  #say(level: LogLevel, child: Child, what: string, error?: TroupeError): void {
    const text = `child ${shownChild(child)} ${what}${error === undefined ? '' : `: ${error.message}`}`;
    this.#effects.report(level, text, error);
  }

  #set(child: Child, state: Child['state']): void {
    if (child.specification.significant) {
      this.#significant += Number(state !== 'stopped') - Number(child.state !== 'stopped');
    }
    child.state = state;
  }

  #arm(bound: number): void {
    this.#timer++;
    this.#isExpired = false;
    if (bound !== Number.POSITIVE_INFINITY) this.#effects.arm(this.#timer, bound);
  }

  #disarm(bound: number): void {
    if (!this.#isExpired && bound !== Number.POSITIVE_INFINITY) this.#effects.disarm(this.#timer);
  }

  // --- requests -------------------------------------------------------------------------------------------------

  *#answer(request: Request): Generator<void, Payload, void> {
    switch (request.verb) {
      case 'children':
        return this.#list();
      case 'count':
        return this.#count();
      case 'start_child':
        return yield* this.#startChild(request);
    }
    const { verb } = request;
    if (this.#isSimple && (verb === 'restart_child' || verb === 'delete_child')) return notForTemplates(this.#id, verb);
    const child = this.#children.get(request.child) ?? this.#byPid.get(request.child);
    if (child === undefined) return childNotFound(this.#id, request.child);
    switch (request.verb) {
      case 'terminate_child':
        yield* this.#stop(child, STOPPED_BY_REQUEST);
        return null;
      case 'renew_child': {
        yield* this.#end(child, child.specification.shutdown, NEW_CODE);
        const failure = yield* this.#start(child);
        if (failure === undefined) return child.pid ?? null;
        // That it was to be new is no failure of its own.
        const again = yield* this.#start(child, this.#effects.revisions(child).previous);
        if (again !== undefined) this.#retry(child, again);
        return childNotRenewed(child, failure);
      }
      case 'input_of_child':
        return [...child.specification.input];
      case 'delete_child':
        if (child.state !== 'stopped') return childRuns(child);
        this.#children.remove(child);
        return null;
      case 'restart_child': {
        if (child.state !== 'stopped') return childRuns(child);
        return (yield* this.#start(child)) ?? child.pid ?? null;
      }
    }
  }

  *#startChild({ child: given, input }: Request & { readonly verb: 'start_child' }): Generator<void, Payload, void> {
    const template = this.#specification.children[0];
    if (this.#isSimple !== (given === undefined)) return notATemplate(this.#id, this.#isSimple);
    const child = this.#children.add(given ?? { ...template, input: [...template.input, ...input] });
    if (child === undefined) return childKeyTaken(given!.name!);
    const failure = yield* this.#start(child);
    if (failure === undefined) return { key: child.key, pid: child.pid ?? null };
    this.#children.remove(child);
    return failure;
  }

  #list(): Payload {
    const list: Payload[] = [];
    for (let child = this.#children.first; child !== undefined; child = child.next) {
      const { process, kind, restart, significant } = child.specification;
      list.push({
        key: child.key,
        pid: child.pid ?? null,
        process,
        kind,
        state: child.state,
        restart,
        restarts: child.restarts,
        significant,
        error: child.error?.message ?? null,
      });
    }
    return list;
  }

  #count(): Payload {
    let [active, supervisors] = [0, 0];
    for (let child = this.#children.first; child !== undefined; child = child.next) {
      if (child.pid !== undefined) active++;
      if (child.specification.kind === 'supervisor') supervisors++;
    }
    const { size } = this.#children;
    return { children: size, active, supervisors, workers: size - supervisors };
  }
}
