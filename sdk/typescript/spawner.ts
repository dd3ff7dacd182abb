/**
 * Spawning with more than an id and arguments. A spawner is immutable: each `with...` answers a new one.
 *
 *     const pid = self.withContext({ user: 'ann' }).withName('cart').withMessage('open', 1).spawn('shop:cart');
 */
import type { Payload, SpawnRequest } from '../../runtime/machine.ts';
import { copyPayload, copyPayloads } from '../../runtime/payload/copy.ts';
import { begin, type Running } from './command.ts';
import { type Duration, toMilliseconds } from './duration.ts';
import { copyArguments, raise } from './guest_error.ts';
import type { Pid } from './messages.ts';
import type { Process } from './process.ts';

type Values = { readonly [key: string]: Payload };
type Queued = { readonly topic: string; readonly payloads: readonly Payload[] };

export interface SpawnerOptions {
  /** For `exec`: then the answer is TIMEOUT and the child is cancelled. */
  timeout?: Duration;
}

interface Settings {
  readonly context?: Values;
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
    const { timeout } = options;
    return timeout === undefined ? this : this.#with({ timeout: toMilliseconds(timeout, 'withOptions: timeout') });
  }

  /**
   * Spawn or signal: where the name is taken nothing is spawned, the queued messages go to its holder, and the holder's
   * PID is the answer.
   */
  withName(name: string): Spawner {
    return this.#with({ name });
  }

  /** A message that the child finds before any other. */
  withMessage(topic: string, ...payloads: unknown[]): Spawner {
    const queued = { topic, payloads: copyArguments(payloads, 'payload') };
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

  #start(id: string, host: string | undefined, args: unknown[], monitor: boolean, link: boolean): Pid {
    return spawn(this.#process, this.#request(id, host, args, monitor, link));
  }

  /** The child and its messages get copies of their own each time: a spawner can be used again. */
  #request(id: string, host: string | undefined, args: unknown[], monitor: boolean, link: boolean): SpawnRequest {
    const { context, timeout, name, messages } = this.#settings;
    return {
      id,
      host,
      args: copyArguments(args, 'args'),
      monitor,
      link,
      name,
      timeout,
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
