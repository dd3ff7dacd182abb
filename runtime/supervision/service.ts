/** One service: a process that is started, started again when it ends, and stopped (semantics section 7). */
import { serviceNameTaken } from '../catalogue.ts';
import { formatDuration } from '../duration.ts';
import type { TroupeError } from '../errors.ts';
import type { LogFields, LogLevel, LogSink } from '../logger.ts';
import type { Payload, ProcessEvent } from '../machine.ts';
import type { Entry } from '../registry/entry.ts';
import { dataOf, type KindData } from '../registry/kinds.ts';
import type { Runtime } from '../runtime.ts';
import type { IdentifiedRequest } from '../security/identity.ts';
import { type IdentitySettings, identityOf } from '../security/identity_settings.ts';
import { decideRestart } from './restart.ts';

/**
 * `unknown`: never started. `exited`: its process returned, or all its restarts are used up. `failed`: its process ended
 * with an error; it is started again unless that could not help.
 */
export type ServiceState = 'unknown' | 'starting' | 'running' | 'stopping' | 'stopped' | 'failed' | 'exited';

/** A service at one moment. */
export interface ServiceStatus {
  readonly id: string;
  readonly state: ServiceState;
  /** Of the process that runs; a restart gives another one. */
  readonly pid: string | undefined;
  /** Since it last ran for `stable_threshold`. */
  readonly restarts: number;
  /** With which its process ended last. */
  readonly error: TroupeError | undefined;
}

interface Running {
  readonly pid: string;
  readonly exit: Promise<ProcessEvent>;
  readonly since: number;
}

export class Service {
  readonly id: string;
  readonly #runtime: Runtime;
  readonly #log: LogSink;
  readonly #data: KindData<'process.service'>;
  #state: ServiceState = 'unknown';
  #running: Running | undefined = undefined;
  #restarts = 0;
  #error: TroupeError | undefined = undefined;
  /** The timer of the next start, where one is pending. */
  #armed: unknown = undefined;

  constructor(runtime: Runtime, log: LogSink, entry: Entry) {
    this.id = entry.id;
    this.#runtime = runtime;
    this.#log = log;
    this.#data = dataOf(entry, 'process.service')!;
  }

  get requires(): readonly string[] {
    return this.#data.lifecycle.requires;
  }

  get autoStart(): boolean {
    return this.#data.lifecycle.auto_start;
  }

  get status(): ServiceStatus {
    return {
      id: this.id,
      state: this.#state,
      pid: this.#running?.pid,
      restarts: this.#restarts,
      error: this.#error,
    };
  }

  /** Throws what the spawn says; nothing is left behind then. */
  start(): void {
    const { process, host, input, lifecycle } = this.#data;
    const { name } = lifecycle;
    this.#state = 'starting';
    try {
      // A spawn with a name that is taken would make the holder look like this service.
      const holder = name === undefined ? undefined : this.#runtime.lookup(name);
      if (holder !== undefined) throw serviceNameTaken(this.id, name!, holder);
      const identity = identityOf(this.#runtime.deployment.entries, lifecycle.security as IdentitySettings);
      const request: IdentifiedRequest = { id: process, host, args: input as Payload[], name, identity };
      const { pid, exit } = this.#runtime.watch(request);
      const running: Running = { pid, exit, since: this.#runtime.scheduler.clock.now() };
      this.#running = running;
      this.#state = 'running';
      void exit.then(event => this.#ended(running, event));
    } catch (thrown) {
      this.#state = 'failed';
      this.#error = thrown as TroupeError;
      throw thrown;
    }
  }

  /** CANCEL, wait `stop_timeout`, then terminate. A start that is pending does not happen. */
  async stop(reason: string): Promise<void> {
    const running = this.#running;
    this.abandon();
    if (running === undefined) return;
    this.#state = 'stopping';
    this.#runtime.cancel(running.pid, reason);
    await Promise.race([running.exit, this.#runtime.wait(Math.max(1, this.#data.lifecycle.stop_timeout))]);
    if (this.#running === running) {
      this.#running = undefined;
      this.#runtime.terminate(running.pid);
    }
    this.#state = 'stopped';
  }

  /** Never start again by itself; a process that runs is left as it is. */
  abandon(): void {
    if (this.#armed !== undefined) {
      this.#runtime.scheduler.clock.disarm(this.#armed);
      this.#armed = undefined;
      this.#state = 'stopped';
    }
    if (this.#state === 'running') this.#state = 'stopping';
  }

  #ended(running: Running, event: ProcessEvent): void {
    if (this.#running !== running) return;
    this.#running = undefined;
    const error = event.result?.error;
    this.#error = error;
    if (this.#state !== 'running') {
      this.#state = 'stopped';
      return;
    }
    this.#state = error === undefined ? 'exited' : 'failed';
    const ran = this.#runtime.scheduler.clock.now() - running.since;
    if (ran >= this.#data.lifecycle.stable_threshold) this.#restarts = 0;
    this.#next(error, running.pid);
  }

  /** After an end, or after a start that did not succeed: what comes now. */
  #next(error: TroupeError | undefined, pid: string | undefined): void {
    const { restart } = this.#data.lifecycle;
    const { clock } = this.#runtime.scheduler;
    const decision = decideRestart(restart, error, this.#restarts, clock.random());
    const what = error === undefined ? 'has ended' : `failed: ${error.message}`;
    if (decision.restart) {
      const { max_attempts } = restart;
      const count = `${this.#restarts + 1}${max_attempts === 0 ? '' : ` of ${max_attempts}`}`;
      const after = formatDuration(Math.round(decision.after));
      this.#say(error === undefined ? 'info' : 'warn', `${what}; restart ${count} in ${after}`, pid, error);
      this.#restartAt(clock.now() + decision.after);
      return;
    }
    switch (decision.because) {
      case 'done':
        this.#say('info', what, pid, error);
        return;
      case 'final':
        this.#say('error', `${what}; it stays so, because the error says that trying again cannot help`, pid, error);
        return;
      case 'spent':
        this.#state = 'exited';
        this.#say('error', `${what}; it is given up after ${this.#restarts} restarts (max_attempts)`, pid, error);
        return;
    }
  }

  #restartAt(due: number): void {
    const { clock } = this.#runtime.scheduler;
    this.#armed = clock.arm(Math.max(0, due - clock.now()), () => {
      this.#armed = undefined;
      // A clock may wake early.
      if (clock.now() < due) this.#restartAt(due);
      else this.#restart();
    });
  }

  #restart(): void {
    this.#restarts++;
    try {
      this.start();
    } catch (thrown) {
      this.#next(thrown as TroupeError, undefined);
    }
  }

  #say(level: LogLevel, what: string, pid: string | undefined, error: TroupeError | undefined): void {
    const fields: { [key: string]: string } = {};
    if (pid !== undefined) fields.pid = pid;
    if (error !== undefined) fields.kind = error.kind;
    if (error?.place !== undefined) fields.place = error.place;
    this.#log.log(level, `service ${this.id} ${what}`, fields satisfies LogFields);
  }
}
