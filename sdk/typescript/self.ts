/**
 * `self`: what a process can do. The first argument of every body.
 *
 * Whatever has to wait answers a command: `yield* self.receive()` in a generator, `await self.receive()` in an async
 * function. `send`, `cancel` and `terminate` answer an error as a value and never throw; everything else throws a
 * TroupeError. Semantics sections 1 to 6.
 */
import { TroupeError, toTroupeError } from '../../runtime/errors.ts';
import { copiedBytes, copyPayload, copyPayloads } from '../../runtime/payload/copy.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { withoutIdentity } from '../../runtime/security/identity.ts';
import {
  type AnyCapability,
  type Capabilities,
  capabilityOf,
  type Env,
  type Fs,
  type HttpClient,
  type Io,
  type Logger,
  type Random,
  type Store,
  type Time,
} from './capabilities.ts';
import { Channel, Incoming, type ReceiveOptions, sourceOf, type Timer, take } from './channel.ts';
import type { Command, Running } from './command.ts';
import { type Duration, toMilliseconds } from './duration.ts';
import { copiesOf, copyArguments, raise } from './guest_error.ts';
import type { Mail, MailOf, Messages, Pid, ProcessEvent } from './messages.ts';
import { Names } from './names.ts';
import type { Process } from './process.ts';
import type { Actor, Scope, Security } from './security.ts';
import { type Cases, type Selected, type SelectOptions, select } from './select.ts';
import { TopicSource } from './source.ts';
import { execute, Spawner, type SpawnerOptions, spawn } from './spawner.ts';
import { needRoom } from './stack_room.ts';
import { textArgument } from './text_argument.ts';
import { startTimer } from './timer.ts';
import { upgrade } from './upgrade.ts';

export interface ProcessOptions {
  /** LINK_DOWN events instead of ending with a linked process. */
  trapLinks?: boolean;
  /** OUTDATED events when the code of the entry has changed. */
  upgradable?: boolean;
}

export interface ListenOptions {
  /** The messages themselves instead of their payloads. */
  message?: boolean;
}

export class Self<M extends Messages = Messages> {
  readonly #process: Process;

  constructor(process: Process) {
    this.#process = process;
  }

  // --- identity -------------------------------------------------------------------------------------------------

  /** The own PID. */
  get pid(): Pid {
    return this.#process.out.pid as Pid;
  }

  /** Registry id of the entry that runs. */
  get id(): string {
    return this.#process.out.id;
  }

  /** Values inherited through spawns and calls; this process's own copy. Whom it acts for is not among them. */
  get context(): { readonly [key: string]: any } {
    return kept(this.#process, '@context', process =>
      Object.freeze(copyPayload(withoutIdentity(process.out.context), 'context') as object),
    );
  }

  // --- messages -------------------------------------------------------------------------------------------------

  /**
   * Send to a PID or a registered name. Each payload is copied; one arrives as itself, several (or none) as a list.
   * Errors, as values: NOT_FOUND, INVALID (topic that begins with "@", something that cannot be sent), RATE_LIMITED.
   */
  send(dest: string, topic: string, ...payloads: unknown[]): true | TroupeError {
    const out = this.#process.output;
    if (out === undefined) return hasEnded();
    const { length } = payloads;
    let payload: Payload;
    try {
      payload = length === 1 ? copyPayload(payloads[0]) : copyPayloads(payloads);
    } catch (refused) {
      return toTroupeError(refused, 'INVALID');
    }
    needRoom();
    return out.send(dest, topic, payload, length, copiedBytes()) ?? true;
  }

  /** Wait for the next message of the inbox: of a topic that no channel listens on. Undefined only at a timeout. */
  receive(): Command<MailOf<M>>;
  receive(options: ReceiveOptions): Command<MailOf<M> | undefined>;
  receive(options?: ReceiveOptions): Command<any> {
    const process = this.#process;
    const timeout = options?.timeout;
    if (timeout === undefined) return process.receive;
    return take(process, process.waits().inbox(), toMilliseconds(timeout, 'receive: timeout'));
  }

  /** The next message of the inbox if it is there now. */
  tryReceive(): MailOf<M> | undefined {
    return this.#process.events.message() as MailOf<M> | undefined;
  }

  /** The inbox as a channel, for `select`. */
  inbox(): Incoming<MailOf<M>> {
    return kept(this.#process, '@inbox', process => new Incoming<MailOf<M>>(process, process.waits().inbox()));
  }

  /** A channel of the payloads (or messages) of one topic, which no longer go to the inbox. Always the same channel. */
  listen<K extends keyof M & string>(topic: K): Incoming<M[K]>;
  listen<K extends keyof M & string>(topic: K, options: { message: true }): Incoming<Mail<K, M[K]>>;
  listen<K extends keyof M & string>(topic: K, options?: ListenOptions): Incoming<any>;
  listen(topic: string, options?: ListenOptions): Incoming<any> {
    if (typeof topic !== 'string' || topic.startsWith('@')) {
      raise(invalid(`listen: the topic must be a string that does not begin with "@", not ${String(topic)}`));
    }
    return kept(this.#process, `@topic ${topic}`, process => {
      const refused = process.events.listen(topic);
      if (refused !== undefined) raise(refused);
      return new Incoming<any>(process, new TopicSource(process, topic, options?.message === true));
    });
  }

  /** Close a channel that `listen` answered: later messages go to the inbox, those already there stay readable. */
  unlisten(channel: Incoming<any>): void {
    const source = sourceOf(channel);
    if (!(source instanceof TopicSource)) {
      raise(invalid('unlisten takes a channel that listen() answered'));
    }
    this.#process.more?.kept.delete(`@topic ${source.topic}`);
    source.close();
  }

  /** CANCEL, EXIT, LINK_DOWN and OUTDATED. Events wait until they are received. */
  events(): Incoming<ProcessEvent> {
    return kept(this.#process, '@events', process => {
      // It may be at something else when it is asked to end, and look afterwards.
      process.events.hear();
      return new Incoming<ProcessEvent>(process, process.waits().eventSource());
    });
  }

  // --- other processes ------------------------------------------------------------------------------------------

  /** Start `id` on `host` (default: the entry's own, or the only one). Throws a TroupeError, and nothing is left behind. */
  spawn(id: string, host?: string, ...args: unknown[]): Pid {
    return spawn(this.#process, { id, host, args: copyArguments(args, 'args') });
  }

  /** `spawn`, and an EXIT event when the child ends. */
  spawnMonitored(id: string, host?: string, ...args: unknown[]): Pid {
    return new Spawner(this.#process).spawnMonitored(id, host, ...args);
  }

  /** `spawn`, and both end with an error if one does. */
  spawnLinked(id: string, host?: string, ...args: unknown[]): Pid {
    return new Spawner(this.#process).spawnLinked(id, host, ...args);
  }

  spawnLinkedMonitored(id: string, host?: string, ...args: unknown[]): Pid {
    return new Spawner(this.#process).spawnLinkedMonitored(id, host, ...args);
  }

  /** A spawner whose children have these values laid over this process's context. */
  withContext(values: { readonly [key: string]: unknown }): Spawner {
    return new Spawner(this.#process).withContext(values);
  }

  withOptions(options: SpawnerOptions): Spawner {
    return new Spawner(this.#process).withOptions(options);
  }

  /** A spawner whose children act for this actor. */
  withActor(actor: Actor): Spawner {
    return new Spawner(this.#process).withActor(actor);
  }

  /** A spawner whose children run under these policies. */
  withScope(scope: Scope): Spawner {
    return new Spawner(this.#process).withScope(scope);
  }

  /** Spawn or signal: see `Spawner.withName`. */
  withName(name: string): Spawner {
    return new Spawner(this.#process).withName(name);
  }

  /** A spawner whose child finds this message before any other. */
  withMessage(topic: string, ...payloads: unknown[]): Spawner {
    return new Spawner(this.#process).withMessage(topic, ...payloads);
  }

  /** Start `id` and wait for its result; throws its error. The child is cancelled if this process ends first. */
  exec<T = any>(id: string, host?: string, ...args: unknown[]): Running<T> {
    return execute<T>(this.#process, { id, host, args: copyArguments(args, 'args') });
  }

  /** Call a function entry of any language and wait for its result; throws its error. */
  call<T = any>(id: string, ...args: unknown[]): Running<T> {
    return execute<T>(this.#process, { id, args: copyArguments(args, 'args'), call: true });
  }

  /** An EXIT event when `pid` ends. Throws NOT_FOUND, ALREADY_EXISTS, INVALID (oneself). */
  monitor(pid: string): true {
    const error = this.#process.out.monitor(pid);
    return error === undefined ? true : raise(error);
  }

  unmonitor(pid: string): true {
    const error = this.#process.out.unmonitor(pid);
    return error === undefined ? true : raise(error);
  }

  /** When one ends with an error the other does too, or gets LINK_DOWN. Throws NOT_FOUND, INVALID (oneself). */
  link(pid: string): true {
    const error = this.#process.out.link(pid);
    return error === undefined ? true : raise(error);
  }

  unlink(pid: string): true {
    const error = this.#process.out.unlink(pid);
    return error === undefined ? true : raise(error);
  }

  /** Ask a process to end: it gets a CANCEL event. The error, as a value: NOT_FOUND. */
  cancel(dest: string, reason?: string): true | TroupeError {
    if (this.#process.output === undefined) return hasEnded();
    const why = reason === undefined ? undefined : textArgument(reason, 'cancel: the reason');
    return this.#process.out.cancel(dest, why) ?? true;
  }

  /** End a process, whether it wants or not. The error, as a value: NOT_FOUND. */
  terminate(dest: string): true | TroupeError {
    return this.#process.output === undefined ? hasEnded() : (this.#process.out.terminate(dest) ?? true);
  }

  /** Names of processes. */
  get registry(): Names {
    return new Names(this.#process);
  }

  // --- options, paths, upgrade ----------------------------------------------------------------------------------

  setOptions(options: ProcessOptions): void {
    const { trapLinks, upgradable } = options;
    this.#process.out.setOptions({
      trap_links: trapLinks === undefined ? undefined : Boolean(trapLinks),
      upgradable: upgradable === undefined ? undefined : Boolean(upgradable),
    });
  }

  options(): Required<ProcessOptions> {
    const { trap_links, upgradable } = this.#process.out.options();
    return { trapLinks: trap_links, upgradable };
  }

  /**
   * Run a concurrent path in this process: a generator or async function. It begins when this path next waits. An error
   * in any path ends the process; the end of the body drops the others.
   */
  fork<Args extends unknown[]>(
    path: (...args: Args) => Generator<any, unknown, any> | Promise<unknown>,
    ...args: Args
  ): void {
    if (typeof path !== 'function') raise(invalid(`fork: the path must be a function, not ${typeof path}`));
    this.#process.fork(path as (...args: unknown[]) => unknown, args);
  }

  /** A channel between paths of this process; `size` values are kept, with 0 a send waits for its receiver. */
  channel<T = any>(size = 0): Channel<T> {
    if (!Number.isSafeInteger(size) || size < 0) {
      raise(invalid(`channel: size must be a whole number, 0 or more, not ${String(size)}`));
    }
    return new Channel<T>(this.#process, size);
  }

  /** Wait for the first of several channels, in the order listed where several are ready. */
  select<const C extends Cases, const O extends SelectOptions = Record<never, never>>(
    cases: C,
    options?: O,
  ): Command<Selected<C, O>> {
    const timeout = options?.timeout;
    const milliseconds = timeout === undefined ? 0 : toMilliseconds(timeout, 'select: timeout');
    const chosen: unknown = select(this.#process, cases, milliseconds, options?.default === true);
    return chosen as Command<Selected<C, O>>;
  }

  /** A channel that gives `true` once, after the duration. */
  after(duration: Duration): Timer<true> {
    return startTimer(this.#process, duration, 'after');
  }

  /**
   * Go on as another entry (null: the current one, reloaded) with these arguments: same PID, names, monitors, links,
   * options, context and unread messages. Does not come back: the process goes over when it next waits or returns.
   */
  upgrade(id: string | null, ...args: unknown[]): Command<never> {
    if (id !== null) textArgument(id, 'upgrade: the entry');
    return upgrade(this.#process, id, copiesOf(args, 'args'));
  }

  // --- capabilities ---------------------------------------------------------------------------------------------

  /** Clock and timers, if imported. */
  get time(): Time {
    return capabilityOf(this.#process, 'time') as Time;
  }

  get logger(): Logger {
    return capabilityOf(this.#process, 'logger') as Logger;
  }

  get io(): Io {
    return capabilityOf(this.#process, 'io') as Io;
  }

  get fs(): Fs {
    return capabilityOf(this.#process, 'fs') as Fs;
  }

  get httpClient(): HttpClient {
    return capabilityOf(this.#process, 'http_client') as HttpClient;
  }

  get random(): Random {
    return capabilityOf(this.#process, 'random') as Random;
  }

  get env(): Env {
    return capabilityOf(this.#process, 'env') as Env;
  }

  get store(): Store {
    return capabilityOf(this.#process, 'store') as Store;
  }

  /** Actors, scopes and what policies say. */
  get security(): Security {
    return capabilityOf(this.#process, 'security') as Security;
  }

  /**
   * Any capability by its name, its operations in camelCase. Throws PERMISSION_DENIED, saying what to add where, if it
   * was not imported.
   */
  capability<Name extends keyof Capabilities>(name: Name): Capabilities[Name];
  capability<T extends object = AnyCapability>(name: string): T;
  capability(name: string): object {
    return capabilityOf(this.#process, name);
  }
}

/** What the process has made under `key`, or makes now: the same object each time. */
function kept<T>(process: Process, key: string, make: (process: Process) => T): T {
  const all = process.waits().kept;
  let value = all.get(key) as T | undefined;
  if (value === undefined) {
    value = make(process);
    all.set(key, value);
  }
  return value;
}

function invalid(text: string): TroupeError {
  return new TroupeError(text, { kind: 'INVALID', retryable: false });
}

function hasEnded(): TroupeError {
  return new TroupeError('the process has ended: nothing was sent', { kind: 'CANCELED', retryable: false });
}
