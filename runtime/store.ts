/**
 * Values by key that outlive the process that set them, in memory, shared by all processes of a runtime. What is kept
 * is packed, so a reader never shares an object with the writer and nothing can change under either.
 */
import { type Clock, systemClock } from './clock.ts';
import { TroupeError } from './errors.ts';
import { packExact, unpackExact } from './payload/messagepack.ts';
import type { Payload } from './payload/payload.ts';

/** Every key lives in a namespace; different namespaces never meet. */
export interface Store {
  /** The value, or null where there is none. */
  get(namespace: string, key: string): Promise<Payload>;
  /** Whether there is a value. */
  has(namespace: string, key: string): Promise<boolean>;
  /**
   * Keeps `value`, for `milliseconds` (0: until it is deleted). Rejects RATE_LIMITED where the namespace holds `most`
   * other keys already.
   */
  set(namespace: string, key: string, value: Payload, most: number, milliseconds?: number): Promise<void>;
  /** Whether there was one. */
  delete(namespace: string, key: string): Promise<boolean>;
  /** The keys that begin with `prefix`, sorted. */
  list(namespace: string, prefix: string): Promise<string[]>;
}

interface Kept {
  readonly bytes: Uint8Array;
  /** On the clock's monotonic time; infinite where it does not expire. */
  readonly until: number;
}

interface Namespace {
  readonly keys: Map<string, Kept>;
  /** Holding so many keys, the next one has what has expired thrown out first. */
  sweepAt: number;
}

const FIRST_SWEEP = 64;

export class MemoryStore implements Store {
  readonly #namespaces = new Map<string, Namespace>();
  readonly #clock: Clock;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  async get(namespace: string, key: string): Promise<Payload> {
    const kept = this.#find(namespace, key);
    return kept === undefined ? null : unpackExact(kept.bytes);
  }

  async has(namespace: string, key: string): Promise<boolean> {
    return this.#find(namespace, key) !== undefined;
  }

  async set(namespace: string, key: string, value: Payload, most: number, milliseconds = 0): Promise<void> {
    let space = this.#namespaces.get(namespace);
    if (space === undefined) this.#namespaces.set(namespace, (space = { keys: new Map(), sweepAt: FIRST_SWEEP }));
    const { keys } = space;
    if (!keys.has(key)) {
      if (keys.size >= space.sweepAt || keys.size >= most) this.#sweep(space);
      if (keys.size >= most) throw full(namespace, most);
    }
    const until = milliseconds > 0 ? this.#clock.now() + milliseconds : Number.POSITIVE_INFINITY;
    keys.set(key, { bytes: packExact(value), until });
  }

  async delete(namespace: string, key: string): Promise<boolean> {
    const found = this.#find(namespace, key) !== undefined;
    if (found) this.#namespaces.get(namespace)!.keys.delete(key);
    return found;
  }

  async list(namespace: string, prefix: string): Promise<string[]> {
    const space = this.#namespaces.get(namespace);
    if (space === undefined) return [];
    this.#sweep(space);
    return [...space.keys.keys()].filter(key => key.startsWith(prefix)).sort();
  }

  #find(namespace: string, key: string): Kept | undefined {
    const keys = this.#namespaces.get(namespace)?.keys;
    const kept = keys?.get(key);
    if (kept === undefined || kept.until > this.#clock.now()) return kept;
    keys!.delete(key);
    return undefined;
  }

  /** Next when there are twice as many, so that all sweeps together cost each key a constant. */
  #sweep(space: Namespace): void {
    const now = this.#clock.now();
    for (const [key, kept] of space.keys) if (kept.until <= now) space.keys.delete(key);
    space.sweepAt = Math.max(FIRST_SWEEP, 2 * space.keys.size);
  }
}

function full(namespace: string, most: number): TroupeError {
  return new TroupeError(
    `the store "${namespace}" is full (${most} keys): delete some, or raise max_keys of the host's store capability`,
    { kind: 'RATE_LIMITED', retryable: true },
  );
}
