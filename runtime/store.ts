/**
 * Values by key that outlive the process that set them, in memory, shared by all processes of a runtime. What is kept
 * is MessagePack, so a reader never shares an object with the writer and nothing can change under either.
 */
import { TroupeError } from './errors.ts';
import { packPayload, unpackPayload } from './payload/messagepack.ts';
import type { Payload } from './payload/payload.ts';

/** Every key lives in a namespace; different namespaces never meet. */
export interface Store {
  /** The value, or null where there is none. */
  get(namespace: string, key: string): Promise<Payload>;
  /** Keeps `value`. Rejects RATE_LIMITED where the namespace holds `most` other keys already. */
  set(namespace: string, key: string, value: Payload, most: number): Promise<void>;
  /** Whether there was one. */
  delete(namespace: string, key: string): Promise<boolean>;
  /** The keys that begin with `prefix`, sorted. */
  list(namespace: string, prefix: string): Promise<string[]>;
}

export class MemoryStore implements Store {
  readonly #namespaces = new Map<string, Map<string, Uint8Array>>();

  async get(namespace: string, key: string): Promise<Payload> {
    const bytes = this.#namespaces.get(namespace)?.get(key);
    return bytes === undefined ? null : unpackPayload(bytes);
  }

  async set(namespace: string, key: string, value: Payload, most: number): Promise<void> {
    let keys = this.#namespaces.get(namespace);
    if (keys === undefined) this.#namespaces.set(namespace, (keys = new Map()));
    if (keys.size >= most && !keys.has(key)) {
      throw new TroupeError(
        `the store "${namespace}" is full (${most} keys): delete some, or raise max_keys of the host's store capability`,
        { kind: 'RATE_LIMITED', retryable: true },
      );
    }
    keys.set(key, packPayload(value));
  }

  async delete(namespace: string, key: string): Promise<boolean> {
    return this.#namespaces.get(namespace)?.delete(key) ?? false;
  }

  async list(namespace: string, prefix: string): Promise<string[]> {
    const keys = this.#namespaces.get(namespace);
    if (keys === undefined) return [];
    return [...keys.keys()].filter(key => key.startsWith(prefix)).sort();
  }
}
