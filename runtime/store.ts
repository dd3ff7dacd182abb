/**
 * Values by key that outlive the process that set them, in memory, shared by all processes of a runtime. What is kept
 * is packed, so a reader never shares an object with the writer and nothing can change under either.
 */
import { type Clock, systemClock } from './clock.ts';
import { TroupeError } from './errors.ts';
import { packExact, unpackExact } from './payload/messagepack.ts';
import type { Payload } from './payload/payload.ts';
import { formatSize } from './size.ts';

/** What one who sets a value may fill the namespace with; infinite where there is no limit. */
export type StoreLimits = {
  readonly max_keys: number;
  /** Bytes of all keys and packed values together. */
  readonly max_bytes: number;
  /** Bytes of one packed value. */
  readonly max_value_bytes: number;
  /** Milliseconds after which a `set` throws out what has expired, also where there is room. */
  readonly sweep_every: number;
};

/** Every key lives in a namespace; different namespaces never meet. */
export interface Store {
  /** The value, or null where there is none. */
  get(namespace: string, key: string): Promise<Payload>;
  /** Whether there is a value. */
  has(namespace: string, key: string): Promise<boolean>;
  /**
   * Keeps `value`, for `milliseconds` (0: until it is deleted). Rejects RATE_LIMITED where the namespace would then hold more
   * than `limits` allow, INVALID where the value alone is too large.
   */
  set(namespace: string, key: string, value: Payload, limits: StoreLimits, milliseconds?: number): Promise<void>;
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
  /** Of all keys and values. */
  bytes: number;
  /** On the clock's monotonic time. */
  sweptAt: number;
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

  async set(namespace: string, key: string, value: Payload, limits: StoreLimits, milliseconds = 0): Promise<void> {
    const bytes = packExact(value);
    if (bytes.length > limits.max_value_bytes) throw tooLarge(key, bytes.length, limits.max_value_bytes);
    const now = this.#clock.now();
    let space = this.#namespaces.get(namespace);
    if (space === undefined) {
      space = { keys: new Map(), bytes: 0, sweptAt: now, sweepAt: FIRST_SWEEP };
      this.#namespaces.set(namespace, space);
    }
    const { keys } = space;
    if (keys.size >= space.sweepAt || now - space.sweptAt >= limits.sweep_every) this.#sweep(space);
    let refused = refusal(space, namespace, key, bytes, limits);
    if (refused !== undefined) {
      this.#sweep(space);
      refused = refusal(space, namespace, key, bytes, limits);
    }
    if (refused !== undefined) throw refused;
    space.bytes += added(space, key, bytes);
    keys.set(key, { bytes, until: milliseconds > 0 ? now + milliseconds : Number.POSITIVE_INFINITY });
  }

  async delete(namespace: string, key: string): Promise<boolean> {
    const found = this.#find(namespace, key) !== undefined;
    if (found) forget(this.#namespaces.get(namespace)!, key);
    return found;
  }

  async list(namespace: string, prefix: string): Promise<string[]> {
    const space = this.#namespaces.get(namespace);
    if (space === undefined) return [];
    this.#sweep(space);
    return [...space.keys.keys()].filter(key => key.startsWith(prefix)).sort();
  }

  #find(namespace: string, key: string): Kept | undefined {
    const space = this.#namespaces.get(namespace);
    const kept = space?.keys.get(key);
    if (kept === undefined || kept.until > this.#clock.now()) return kept;
    forget(space!, key);
    return undefined;
  }

  /** Next when there are twice as many, so that all sweeps together cost each key a constant. */
  #sweep(space: Namespace): void {
    const now = this.#clock.now();
    for (const [key, kept] of space.keys) if (kept.until <= now) forget(space, key);
    space.sweepAt = Math.max(FIRST_SWEEP, 2 * space.keys.size);
    space.sweptAt = now;
  }
}

/** Why a value cannot be kept under a key as long as nothing else goes; undefined: it can. */
function refusal(
  space: Namespace,
  namespace: string,
  key: string,
  bytes: Uint8Array,
  { max_keys, max_bytes }: StoreLimits,
): TroupeError | undefined {
  if (space.keys.size >= max_keys && !space.keys.has(key)) {
    return full(namespace, `${max_keys} keys`, 'max_keys (max_size of a store.memory)');
  }
  if (space.bytes + added(space, key, bytes) > max_bytes) return full(namespace, formatSize(max_bytes), 'max_bytes');
  return undefined;
}

/** How many bytes more there are with this value. */
function added(space: Namespace, key: string, bytes: Uint8Array): number {
  const old = space.keys.get(key);
  return sizeOf(key, bytes) - (old === undefined ? 0 : sizeOf(key, old.bytes));
}

function forget(space: Namespace, key: string): void {
  space.bytes -= sizeOf(key, space.keys.get(key)!.bytes);
  space.keys.delete(key);
}

/** What a key takes: its text as JavaScript keeps it at most, and its packed value. */
function sizeOf(key: string, value: Uint8Array): number {
  return 2 * key.length + value.length;
}

function full(namespace: string, held: string, setting: string): TroupeError {
  return new TroupeError(
    `the store "${namespace}" is full (${held}): delete some, or raise ${setting} of the host's store capability`,
    { kind: 'RATE_LIMITED', retryable: true },
  );
}

function tooLarge(key: string, bytes: number, most: number): TroupeError {
  return new TroupeError(
    `the value of "${key}" is ${formatSize(bytes)}; the host's store capability allows ${formatSize(most)} (max_value_bytes)`,
    { kind: 'INVALID', retryable: false },
  );
}
