/**
 * Spawning with more than an id and arguments. A spawner is immutable: each `with...` answers a new one.
 *
 *     const pid = self.withContext({ user: 'ann' }).withName('cart').withMessage('open', 1).spawn('shop:cart');
 */
import { TroupeError } from '../../runtime/errors.ts';
import type { Payload, SpawnRequest } from '../../runtime/machine.ts';
import { copyPayload, copyPayloads } from '../../runtime/payload/copy.ts';
import type { IdentifiedRequest } from '../../runtime/security/identity.ts';
import { begin, type Running } from './command.ts';
import { type Duration, toMilliseconds } from './duration.ts';
import { copyArguments, raise } from './guest_error.ts';
import type { Pid } from './messages.ts';
import type { Process } from './process.ts';
import { type Actor, identityOfActor, identityOfScope, type Scope } from './security.ts';
import { textArgument } from './text_argument.ts';

type Values = { readonly [key: string]: Payload };
type Queued = { readonly topic: string; readonly payloads: readonly Payload[] };

export interface SpawnerOptions {
  /** For `exec`: then the answer is TIMEOUT and the child is cancelled. */
  timeout?: Duration;
  /** For whom the child acts, and under which policies: see `withActor` and `withScope`. */
  actor?: Actor;
  scope?: Scope;
  /** What runs where the entry names no method. */
  method?: string;
}

interface Settings {
  readonly context?: Values;
  readonly identity?: Values;
  readonly method?: string;
  readonly timeout?: number;
  readonly name?: string;
  readonly messages?: readonly Queued[];
}

export class Spawner {
  readonly #process: Process;
  readonly #settings: Settings;

  constructor(process: Process, settings: Settings = {}) {
    this.#process = process;
    this.#settings = settings;
  }

  #with(more: Settings): Spawner {
    return new Spawner(this.#process, { ...this.#settings, ...more });
  }

  /** Values laid over the context that the child inherits. */
  withContext(values: { readonly [key: string]: unknown }): Spawner {
    const [context] = copyArguments([values], 'context') as Values[];
    return this.#with({ context: { ...this.#settings.context, ...context } });
  }

  withOptions(options: SpawnerOptions): Spawner {
    const { timeout, actor, scope, method } = options;
    let spawner: Spawner = this;
    if (actor !== undefined) spawner = spawner.withActor(actor);
    if (scope !== undefined) spawner = spawner.withScope(scope);
    if (timeout !== undefined) spawner = spawner.#with({ timeout: toMilliseconds(timeout, 'withOptions: timeout') });
    if (method === undefined) return spawner;
    if (typeof method === 'string') return spawner.#with({ method });
    return raise(new TroupeError('withOptions: method must be a text', { kind: 'INVALID', retryable: false }));
  }

  /** The child acts for this actor, and so do its own children, unless they say otherwise. */
  withActor(actor: Actor): Spawner {
    return this.#with({ identity: { ...this.#settings.identity, ...identityOfActor(actor) } });
  }

  /** The child runs under these policies, and so do its own children, unless they say otherwise. */
  withScope(scope: Scope): Spawner {
    return this.#with({ identity: { ...this.#settings.identity, ...identityOfScope(scope) } });
  }

  /**
   * Spawn or signal: where the name is taken nothing is spawned, the queued messages go to its holder, and the holder's
   * PID is the answer.
   */
  withName(name: string): Spawner {
    return this.#with({ name: textArgument(name, 'withName: the name') });
  }

  /** A message that the child finds before any other. */
  withMessage(topic: string, ...payloads: unknown[]): Spawner {
    const queued = {
      topic: textArgument(topic, 'withMessage: the topic'),
      payloads: copyArguments(payloads, 'payload'),
    };
    return this.#with({ messages: [...(this.#settings.messages ?? []), queued] });
  }

  /** Start `id` on `host` (default: the entry's own, or the only one). Throws a TroupeError, and nothing is left behind. */
  spawn(id: string, host?: string, ...args: unknown[]): Pid {
    return this.#start(id, host, args, false, false);
  }

  /** `spawn`, and an EXIT event when the child ends. */
  spawnMonitored(id: string, host?: string, ...args: unknown[]): Pid {
    return this.#start(id, host, args, true, false);
  }

  /** `spawn`, and both end with an error if one does. */
  spawnLinked(id: string, host?: string, ...args: unknown[]): Pid {
    return this.#start(id, host, args, false, true);
  }

  spawnLinkedMonitored(id: string, host?: string, ...args: unknown[]): Pid {
    return this.#start(id, host, args, true, true);
  }

  /** Start `id` and wait for its result; the child is cancelled if this process ends first. */
  exec<T = any>(id: string, host?: string, ...args: unknown[]): Running<T> {
    return execute<T>(this.#process, this.#request(id, host, args, false, false));
  }

  /** Call a function entry, on whatever host it names, and wait for its result. */
  call<T = any>(id: string, ...args: unknown[]): Running<T> {
    return execute<T>(this.#process, { ...this.#request(id, undefined, args, false, false), call: true });
  }

  #start(id: string, host: string | undefined, args: unknown[], monitor: boolean, link: boolean): Pid {
    return spawn(this.#process, this.#request(id, host, args, monitor, link));
  }

  /** The child and its messages get copies of their own each time: a spawner can be used again. */
  #request(id: string, host: string | undefined, args: unknown[], monitor: boolean, link: boolean): IdentifiedRequest {
    const { context, identity, method, timeout, name, messages } = this.#settings;
    return {
      id,
      host,
      args: copyArguments(args, 'args'),
      monitor,
      link,
      name,
      timeout,
      method,
      identity,
      context: context === undefined ? undefined : (copyPayload(context, 'context') as Values),
      messages: messages?.map(({ topic, payloads }) => ({ topic, payloads: copyPayloads(payloads) })),
    };
  }
}

/** Throws what the scheduler answers. */
export function spawn(process: Process, request: SpawnRequest): Pid {
  const child = process.out.spawn(request);
  if (typeof child === 'string') return child as Pid;
  return raise(child);
}

export function execute<T>(process: Process, request: SpawnRequest): Running<T> {
  return begin<T>(process, tag => process.out.exec(tag, request));
}
