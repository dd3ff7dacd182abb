/**
 * One service: a process that is started, started again when it ends, and stopped (semantics section 7). When it may
 * begin, which depends on others, `Services` decides: it looks at a service that waits whenever something has changed.
 *
 * Invariants
 * - At most one process of a service lives: the next one is spawned after the EXIT of the one before.
 * - At most one timer is armed: for the limit of its start, for its next start, or for the limit of its stop.
 */
import { isDeepStrictEqual } from 'node:util';
import { formatDuration } from '../duration.ts';
import { type TroupeError, toTroupeError } from '../errors.ts';
import type { LogFields, LogLevel, LogSink } from '../logger.ts';
import type { ProcessEvent } from '../machine.ts';
import type { Runtime } from '../runtime.ts';
import type { IdentifiedRequest } from '../security/identity.ts';
import { identityOf } from '../security/identity_settings.ts';
import { Fallback, type Revisions } from './fallback.ts';
import { decideRestart } from './restart.ts';
import { nameHeld, startTimeout, wasStopped } from './service_errors.ts';
import { fixedChanges, type ServiceSettings } from './service_settings.ts';
import { type Standing, Wait } from './service_wait.ts';

/**
 * `unknown`: never started. `starting`: until its process waits for the first time; before that it may wait for what it
 * requires. `exited`: its process returned, or all its restarts are used up. `failed`: its process ended with an error; it
 * is started again unless that could not help.
 */
export type ServiceState = 'unknown' | 'starting' | 'running' | 'stopping' | 'stopped' | 'failed' | 'exited';

/** A service at one moment. */
export interface ServiceStatus {
  readonly id: string;
  readonly state: ServiceState;
  /** Unix time in seconds at which it came into this state. */
  readonly since: number | undefined;
  /** Of the process that runs; a restart gives another one. */
  readonly pid: string | undefined;
  /** Since it last ran for `stable_threshold`. */
  readonly restarts: number;
  /** With which its process ended last, or why it could not begin. */
  readonly error: TroupeError | undefined;
  /** Services that must run before it can begin, where it waits for some. */
  readonly waitsFor: readonly string[];
}

/** Whether it ended with an error, or could not begin; a restart may be pending. */
export function hasFailed({ state, error }: ServiceStatus): boolean {
  return state === 'failed' || (state === 'exited' && error !== undefined);
}

/** How a start went: undefined where the service runs, or has done already what it had to do. */
export interface Hitch {
  readonly error: TroupeError;
  /** There was not even a process, and trying again cannot help: the deployment is wrong. */
  readonly isMistake: boolean;
}

interface Attempt {
  readonly pid: string;
  /** By which it was spawned. */
  readonly settings: ServiceSettings;
  /** When it was spawned; when it first waited. */
  readonly begun: number;
  ran: number | undefined;
  /** As which it was registered for the service. */
  name: string | undefined;
  /** Why it was terminated. */
  fault: TroupeError | undefined;
}

export class Service {
  readonly id: string;
  readonly #runtime: Runtime;
  readonly #log: LogSink;
  /** Told after each change that could matter to others. */
  readonly #onChange: (service: Service) => void;
  #settings: ServiceSettings;
  #state: ServiceState = 'unknown';
  #since: number | undefined = undefined;
  #attempt: Attempt | undefined = undefined;
  /** It shall run: its failures are followed by restarts. */
  #wanted = false;
  /** It begins as soon as what it requires runs. */
  #wait: Wait | undefined = undefined;
  #restarts = 0;
  #error: TroupeError | undefined = undefined;
  /** What it remembers of the revisions of its program, for `lifecycle.fallback`. */
  readonly #fallback = new Fallback();
  /** The last spawn was refused. */
  #refused = false;
  #timer: unknown = undefined;
  #stop: { readonly over: Promise<void>; readonly done: () => void } | undefined = undefined;
  /** Those who want to know how its start goes. */
  #asked: ((hitch: Hitch | undefined) => void)[] = [];

  constructor(runtime: Runtime, log: LogSink, settings: ServiceSettings, onChange: (service: Service) => void) {
    this.id = settings.id;
    this.#runtime = runtime;
    this.#log = log;
    this.#settings = settings;
    this.#onChange = onChange;
  }

  get autoStart(): boolean {
    return this.#settings.lifecycle.auto_start;
  }

  get state(): ServiceState {
    return this.#state;
  }

  get status(): ServiceStatus {
    return {
      id: this.id,
      state: this.#state,
      since: this.#since,
      pid: this.#attempt?.pid,
      restarts: this.#restarts,
      error: this.#wait?.error ?? this.#error,
      waitsFor: this.#wait?.ids ?? [],
    };
  }

  /** It runs, is on its way, or will be tried again. */
  get isActive(): boolean {
    return this.#attempt !== undefined || this.#wait !== undefined || this.#timer !== undefined;
  }

  get isWanted(): boolean {
    return this.#wanted;
  }

  get isWaiting(): boolean {
    return this.#wait !== undefined;
  }

  get standing(): Standing {
    if (this.#state === 'running') return 'met';
    if (this.#wait !== undefined) return this.#wait.obstacle;
    if (this.#state === 'starting') return 'coming';
    if (this.isActive) return 'down';
    if (this.#state === 'exited' && this.#error === undefined) return 'met';
    return this.#state === 'failed' || this.#state === 'exited' ? 'lost' : 'down';
  }

  // --- starting -------------------------------------------------------------------------------------------------

  /** From now on it shall run. Its count of restarts begins again, and a start that is pending happens as soon as it can. */
  begin(): void {
    this.#wanted = true;
    if (this.#attempt !== undefined || this.#wait?.obstacle === 'coming') return;
    this.#restarts = 0;
    this.#error = undefined;
    this.#await('starting');
  }

  /** How the start that is under way goes; at once where none is. */
  outcome(): Promise<Hitch | undefined> {
    const underWay = this.#wait === undefined ? this.#state === 'starting' : this.#wait.obstacle === 'coming';
    if (!underWay) return Promise.resolve(this.#hitch());
    return new Promise(resolve => this.#asked.push(resolve));
  }

  /** It waits, because `missing` do not run; `standing` is the worst of theirs. What stands in the way is said once. */
  hold(missing: readonly Service[], standing: Standing): void {
    const wait = this.#wait!;
    const before = wait.obstacle;
    const isNews = wait.meet(missing, standing);
    if (isNews) this.#say(standing === 'lost' ? 'error' : 'warn', wait.error!.message, undefined, wait.error);
    if (standing === 'lost' && this.#state !== 'failed') this.#enter('failed');
    if (standing !== 'coming') this.#answer(this.#hitch());
    if (before !== standing) this.#onChange(this);
  }

  /** Why it does not run, as a text that follows "which". */
  get plight(): string {
    if (this.#wait !== undefined) return this.#wait.error?.message ?? 'is on its way';
    if (this.#error === undefined || (this.#state !== 'failed' && this.#state !== 'exited')) return `is ${this.#state}`;
    return this.standing === 'lost' ? `is given up: ${this.#error.message}` : `failed: ${this.#error.message}`;
  }

  /** What it requires runs. */
  spawn(): void {
    this.#wait = undefined;
    this.#refused = false;
    this.#enter('starting');
    const { clock } = this.#runtime.scheduler;
    const { lifecycle } = this.#settings;
    try {
      const { present, previous } = this.#revisions();
      const revision = lifecycle.fallback === 'none' ? undefined : this.#fallback.next({ present, previous });
      this.#fallback.started(revision ?? present, clock.now());
      const { pid, started, exit } = this.#runtime.watch(this.#request(revision));
      const attempt: Attempt = {
        pid,
        settings: this.#settings,
        begun: clock.now(),
        ran: undefined,
        name: lifecycle.name,
        fault: undefined,
      };
      this.#attempt = attempt;
      this.#arm(attempt.begun + lifecycle.start_timeout, () => this.#startTimedOut(attempt));
      void started.then(() => this.#started(attempt));
      void exit.then(event => this.#ended(attempt, event));
    } catch (thrown) {
      this.#error = nameHeld(this.id, lifecycle.name, toTroupeError(thrown));
      this.#refused = true;
      this.#next(undefined);
    }
  }

  #revisions(): Revisions {
    return this.#runtime.scheduler.deployed.revisions(this.#settings.process);
  }

  #request(revision: number | undefined): IdentifiedRequest {
    const { process, host, input, lifecycle, security } = this.#settings;
    return {
      id: process,
      host,
      args: input,
      name: lifecycle.name,
      // A spawn with a name that is taken would make the holder look like this service.
      exclusive: true,
      announce: true,
      revision,
      identity: identityOf(this.#runtime.deployment.entries, security),
    };
  }

  #started(attempt: Attempt): void {
    if (this.#attempt !== attempt || this.#state !== 'starting' || attempt.fault !== undefined) return;
    this.#disarm();
    attempt.ran = this.#runtime.scheduler.clock.now();
    this.#enter('running');
    this.#answer(undefined);
    this.#onChange(this);
  }

  #startTimedOut(attempt: Attempt): void {
    attempt.fault = startTimeout(this.#settings.lifecycle.start_timeout);
    this.#runtime.terminate(attempt.pid);
  }

  // --- stopping -------------------------------------------------------------------------------------------------

  /** CANCEL, wait `stop_timeout`, then terminate; resolves when its process has ended. A start that is pending does not happen. */
  stop(reason: string): Promise<void> {
    this.retire();
    const attempt = this.#attempt;
    if (attempt === undefined) return Promise.resolve();
    if (this.#stop !== undefined) return this.#stop.over;
    let done!: () => void;
    const over = new Promise<void>(resolve => {
      done = resolve;
    });
    this.#stop = { over, done };
    this.#enter('stopping');
    this.#answer({ error: wasStopped(), isMistake: false });
    // One that was terminated already, because its start took too long, only has to end.
    if (attempt.fault === undefined) this.#askToEnd(attempt, reason);
    this.#onChange(this);
    return over;
  }

  #askToEnd(attempt: Attempt, reason: string): void {
    const { stop_timeout } = this.#settings.lifecycle;
    this.#runtime.cancel(attempt.pid, reason);
    this.#arm(this.#runtime.scheduler.clock.now() + stop_timeout, () => {
      const within = formatDuration(stop_timeout);
      this.#say('warn', `did not end within ${within} of being asked to (stop_timeout) and is terminated`, attempt.pid);
      this.#runtime.terminate(attempt.pid);
    });
  }

  /** It is not started again by itself: a start that is pending does not happen. */
  retire(): void {
    this.#wanted = false;
    if (this.#attempt === undefined && this.isActive) this.#rest();
  }

  /** Nothing is started, asked or ended by it any more; a process that runs is left as it is. */
  abandon(): void {
    this.retire();
    if (this.#attempt === undefined) return;
    this.#disarm();
    if (this.#state !== 'stopping') this.#enter('stopping');
    this.#answer({ error: wasStopped(), isMistake: false });
  }

  /** It does not run, and nothing is pending. */
  #rest(): void {
    this.#disarm();
    this.#wait = undefined;
    this.#enter('stopped');
    this.#answer({ error: wasStopped(), isMistake: false });
    this.#onChange(this);
  }

  // --- what comes after an end ------------------------------------------------------------------------------------

  #ended(attempt: Attempt, event: ProcessEvent): void {
    if (this.#attempt !== attempt) return;
    this.#attempt = undefined;
    this.#disarm();
    this.#error = attempt.fault ?? event.result?.error;
    if (this.#state === 'stopping') {
      this.#enter('stopped');
      const stop = this.#stop;
      this.#stop = undefined;
      stop?.done();
      this.#onChange(this);
      return;
    }
    const { clock } = this.#runtime.scheduler;
    const { stable_threshold } = this.#settings.lifecycle;
    if (attempt.ran !== undefined && clock.now() - attempt.ran >= stable_threshold) this.#restarts = 0;
    this.#lookBack(attempt);
    this.#next(attempt.pid);
  }

  /** Perhaps it has failed because its code is new and broken. */
  #lookBack({ pid }: Attempt): void {
    const error = this.#error;
    if (error === undefined) return;
    const { stable_threshold, fallback } = this.#settings.lifecycle;
    const { clock } = this.#runtime.scheduler;
    const goesBack = this.#fallback.failed(error, clock.now(), this.#revisions(), stable_threshold);
    if (goesBack && fallback === 'previous') {
      this.#say('warn', 'failed with new code, and goes back to the code before (lifecycle.fallback)', pid, error);
    }
  }

  /** After an end, or after a spawn that was refused: what comes now. */
  #next(pid: string | undefined): void {
    const { restart } = this.#settings.lifecycle;
    const { clock } = this.#runtime.scheduler;
    const error = this.#error;
    const decision = decideRestart(restart, error, this.#restarts, clock.random());
    const what = error === undefined ? 'has ended' : `failed: ${error.message}`;
    let state: ServiceState = error === undefined ? 'exited' : 'failed';
    let again = false;
    if (!this.#wanted) {
      this.#say(error === undefined ? 'info' : 'warn', what, pid, error);
    } else if (decision.restart) {
      const { max_attempts } = restart;
      const count = `${this.#restarts + 1}${max_attempts === 0 ? '' : ` of ${max_attempts}`}`;
      const after = formatDuration(Math.round(decision.after));
      this.#say(error === undefined ? 'info' : 'warn', `${what}; restart ${count} in ${after}`, pid, error);
      again = true;
      // A spawn that was refused would be refused again at once, and for ever.
      if (decision.after > 0 || this.#refused)
        this.#arm(clock.now() + Math.max(1, decision.after), () => this.#restart());
    } else if (decision.because === 'done') {
      this.#say('info', what, pid, error);
    } else if (decision.because === 'final') {
      this.#say('error', `${what}; it stays so, because the error says that trying again cannot help`, pid, error);
    } else {
      state = 'exited';
      this.#say('error', `${what}; it is given up after ${this.#restarts} restarts (max_attempts)`, pid, error);
    }
    this.#enter(state);
    this.#answer(this.#hitch());
    this.#onChange(this);
    if (again && this.#timer === undefined) this.#restart();
  }

  #restart(): void {
    this.#restarts++;
    this.#await(this.#state);
  }

  #await(state: ServiceState): void {
    this.#disarm();
    this.#wait = new Wait();
    if (this.#state !== state) this.#enter(state);
    this.#onChange(this);
  }

  // --- live edits -------------------------------------------------------------------------------------------------

  /**
   * What its entry says now. Where the process that runs was spawned by something else is answered by key: only a restart can
   * change that. Everything else counts from now on.
   */
  update(settings: ServiceSettings): string[] {
    const before = this.#settings;
    this.#settings = settings;
    const { lifecycle } = settings;
    const attempt = this.#attempt;
    if (attempt !== undefined) {
      if (attempt.name !== lifecycle.name) this.#rename(attempt, lifecycle.name);
      if (!isDeepStrictEqual(before.lifecycle.security, lifecycle.security)) {
        this.#say('info', 'acts under its new lifecycle.security from its next start on', attempt.pid);
      }
      if (this.#state === 'starting' && attempt.fault === undefined) {
        this.#arm(attempt.begun + lifecycle.start_timeout, () => this.#startTimedOut(attempt));
      }
    } else if (
      this.#wanted &&
      this.#wait === undefined &&
      !isDeepStrictEqual(before.lifecycle.restart, lifecycle.restart)
    ) {
      // What was decided when it ended is decided anew.
      this.#disarm();
      this.#next(undefined);
    }
    return this.foresee(settings);
  }

  /** What `update` would answer. */
  foresee(settings: ServiceSettings): string[] {
    return this.#attempt === undefined ? [] : fixedChanges(this.#attempt.settings, settings);
  }

  /** Whoever looks for it by its name finds it at any moment. */
  #rename(attempt: Attempt, name: string | undefined): void {
    const { pid, name: before } = attempt;
    const error = name === undefined ? undefined : this.#runtime.register(name, pid);
    if (error !== undefined) {
      this.#say('error', `cannot be renamed while it runs: ${error.message}`, pid, error);
      return;
    }
    attempt.name = name;
    if (before !== undefined && this.#runtime.lookup(before) === pid) this.#runtime.unregister(before);
  }

  // --- parts ------------------------------------------------------------------------------------------------------

  #enter(state: ServiceState): void {
    this.#state = state;
    this.#since = this.#runtime.scheduler.clock.unix() / 1000;
  }

  #hitch(): Hitch | undefined {
    const error = this.#wait?.error ?? this.#error;
    if (this.#state === 'running' || error === undefined) return undefined;
    return { error, isMistake: this.#wait === undefined && this.#refused && error.retryable === false };
  }

  #answer(hitch: Hitch | undefined): void {
    const asked = this.#asked;
    if (asked.length === 0) return;
    this.#asked = [];
    for (const resolve of asked) resolve(hitch);
  }

  /** Call `then` once it is `due` on the clock, in place of what was to come. */
  #arm(due: number, then: () => void): void {
    this.#disarm();
    const { clock } = this.#runtime.scheduler;
    this.#timer = clock.arm(Math.max(0, due - clock.now()), () => {
      this.#timer = undefined;
      // A clock may wake early.
      if (clock.now() < due) this.#arm(due, then);
      else then();
    });
  }

  #disarm(): void {
    if (this.#timer === undefined) return;
    this.#runtime.scheduler.clock.disarm(this.#timer);
    this.#timer = undefined;
  }

  #say(level: LogLevel, what: string, pid?: string, error?: TroupeError): void {
    const fields: { [key: string]: string } = {};
    if (pid !== undefined) fields.pid = pid;
    if (error !== undefined) fields.kind = error.kind;
    if (error?.place !== undefined) fields.place = error.place;
    this.#log.log(level, `service ${this.id} ${what}`, fields satisfies LogFields);
  }
}
