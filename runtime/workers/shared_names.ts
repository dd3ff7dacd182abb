/**
 * The registered names of a runtime with several schedulers: a hash table with open addressing in shared memory, so
 * that `register`, `lookup` and `send` to a name answer at once on every thread, and a name has one holder.
 *
 * Layout, in Int32 words: [0] lock (0: free, else its holder + 1), [1] used records, [2] version; from byte 64 how many names
 * hosts hold, by the hash of the host's id; then records of RECORD bytes: word 0 is 0 for never
 * used, 1 for deleted, otherwise the hash (made >= 2); word 1 the lengths (name | pid << 16); then the name's UTF-8
 * bytes, then the PID's.
 */
import { tooManyNames, tooManyNamesOfHost } from '../catalogue.ts';
import { LONGEST_NAME, type Names, shareOfHost } from '../lifecycle/names.ts';
import { hostOfPid } from '../pid.ts';

/** Two hosts that come to the same place share what one may hold. */
const HOSTS = 1024;
const HOSTS_AT = 64;
const HEADER = HOSTS_AT + HOSTS * 4;
const RECORD = 512;
const LONGEST_PID = RECORD - 8 - LONGEST_NAME;
const DELETED = 1;
/** Milliseconds, at least, after which a lock is taken from a thread that can only be dead. */
const LONGEST_HELD = 5_000;

export function bytesForNames(capacity: number): number {
  return HEADER + capacity * RECORD;
}

export class SharedNames implements Names {
  readonly #words: Int32Array;
  readonly #bytes: Buffer;
  readonly #capacity: number;
  /** What the lock holds while this thread has it. */
  readonly #owner: number;
  /** Names looked up since the table last changed. */
  readonly #seen = new Map<string, string | undefined>();
  #seenVersion = -1;

  /** `scheduler`: whose thread this is. */
  constructor(memory: SharedArrayBuffer, scheduler: number) {
    this.#owner = scheduler + 1;
    this.#words = new Int32Array(memory);
    this.#bytes = Buffer.from(memory);
    this.#capacity = Math.floor((memory.byteLength - HEADER) / RECORD);
  }

  register(name: string, pid: string): string | undefined {
    const key = Buffer.from(name);
    const hash = hashOf(key);
    this.#lock();
    try {
      const found = this.#find(key, hash);
      if (found >= 0) return this.#pidAt(found);
      const free = this.#freeFor(hash);
      const value = Buffer.from(pid);
      if (free < 0 || value.length > LONGEST_PID) throw tooManyNames(this.#capacity - 1);
      const host = hostOfPid(pid);
      const counted = hostAt(host);
      const share = shareOfHost(this.#capacity);
      if (this.#words[counted] >= share) throw tooManyNamesOfHost(host, share);
      this.#words[counted]++;
      const at = HEADER + free * RECORD;
      this.#words[(at >> 2) + 1] = key.length | (value.length << 16);
      key.copy(this.#bytes, at + 8);
      value.copy(this.#bytes, at + 8 + key.length);
      if (this.#words[at >> 2] === 0) this.#words[1]++;
      this.#words[at >> 2] = hash;
      Atomics.add(this.#words, 2, 1);
      return undefined;
    } finally {
      this.#unlock();
    }
  }

  lookup(name: string): string | undefined {
    const version = Atomics.load(this.#words, 2);
    if (version !== this.#seenVersion || this.#seen.size > 10_000) {
      this.#seen.clear();
      this.#seenVersion = version;
    } else if (this.#seen.has(name)) {
      return this.#seen.get(name);
    }
    const key = Buffer.from(name);
    this.#lock();
    let pid: string | undefined;
    let current: number;
    try {
      const found = this.#find(key, hashOf(key));
      pid = found < 0 ? undefined : this.#pidAt(found);
      current = this.#words[2];
    } finally {
      this.#unlock();
    }
    if (current === this.#seenVersion) this.#seen.set(name, pid);
    return pid;
  }

  release(name: string, pid: string | undefined): boolean {
    const key = Buffer.from(name);
    this.#lock();
    try {
      const found = this.#find(key, hashOf(key));
      if (found < 0 || (pid !== undefined && this.#pidAt(found) !== pid)) return false;
      this.#delete(found);
      Atomics.add(this.#words, 2, 1);
      return true;
    } finally {
      this.#unlock();
    }
  }

  /** Release the names of PIDs that are gone; answers how many. */
  sweep(isGone: (pid: string) => boolean): number {
    let released = 0;
    this.#lock();
    try {
      for (let record = 0; record < this.#capacity; record++) {
        const at = (HEADER + record * RECORD) >> 2;
        const state = this.#words[at];
        if (state === 0 || state === DELETED || !isGone(this.#pidAt(record))) continue;
        this.#delete(record);
        released++;
      }
      if (released > 0) Atomics.add(this.#words, 2, 1);
    } finally {
      this.#unlock();
    }
    return released;
  }

  /**
   * A thread was lost, perhaps while it held the lock. What it was doing then is either done or never happened: a record
   * counts from its first word on, which is written last, and is gone with it.
   */
  breakLock(owner: number): void {
    if (Atomics.compareExchange(this.#words, 0, owner + 1, 0) === owner + 1) Atomics.notify(this.#words, 0, 1);
  }

  /**
   * Where the next record was never used, this one need not keep searches going on either, nor those before it that were
   * deleted: otherwise names that come and go would make all look-ups of what is not there as long as the table.
   */
  #delete(record: number): void {
    const counted = hostAt(hostOfPid(this.#pidAt(record)));
    this.#words[this.#stateAt(record)] = DELETED;
    if (this.#words[counted] > 0) this.#words[counted]--;
    let last = record;
    let next = last + 1 === this.#capacity ? 0 : last + 1;
    while (this.#words[this.#stateAt(next)] === 0 && this.#words[this.#stateAt(last)] === DELETED) {
      this.#words[this.#stateAt(last)] = 0;
      this.#words[1]--;
      next = last;
      last = last === 0 ? this.#capacity - 1 : last - 1;
    }
  }

  #stateAt(record: number): number {
    return (HEADER + record * RECORD) >> 2;
  }

  #pidAt(record: number): string {
    const at = HEADER + record * RECORD;
    const lengths = this.#words[(at >> 2) + 1];
    const start = at + 8 + (lengths & 0xffff);
    return this.#bytes.toString('utf8', start, start + (lengths >>> 16));
  }

  /** The record of a name, or -1. The table always keeps a never-used record, so the search ends. */
  #find(key: Buffer, hash: number): number {
    for (let i = 0, record = (hash >>> 0) % this.#capacity; i < this.#capacity; i++) {
      const at = HEADER + record * RECORD;
      const state = this.#words[at >> 2];
      if (state === 0) return -1;
      if (state === hash) {
        const length = this.#words[(at >> 2) + 1] & 0xffff;
        if (length === key.length && this.#bytes.compare(key, 0, length, at + 8, at + 8 + length) === 0) return record;
      }
      if (++record === this.#capacity) record = 0;
    }
    return -1;
  }

  /** A record for a new name: a deleted one if there is one on the way, else a never-used one that may be used. */
  #freeFor(hash: number): number {
    for (let i = 0, record = (hash >>> 0) % this.#capacity; i < this.#capacity; i++) {
      const state = this.#words[(HEADER + record * RECORD) >> 2];
      if (state === DELETED) return record;
      if (state === 0) return this.#words[1] < this.#capacity - 1 ? record : -1;
      if (++record === this.#capacity) record = 0;
    }
    return -1;
  }

  /** Held for the length of one look-up only; nothing inside can fail or wait. */
  #lock(): void {
    for (let waits = 0; ; waits++) {
      const holder = Atomics.compareExchange(this.#words, 0, 0, this.#owner);
      if (holder === 0) return;
      Atomics.wait(this.#words, 0, holder, 1);
      // Its thread has died: the main thread, which would break the lock, may be waiting here itself.
      if (waits > LONGEST_HELD && Atomics.compareExchange(this.#words, 0, holder, this.#owner) === holder) return;
    }
  }

  #unlock(): void {
    Atomics.store(this.#words, 0, 0);
    Atomics.notify(this.#words, 0, 1);
  }
}

/** Word that counts the names of a host. */
function hostAt(host: string): number {
  return (HOSTS_AT >> 2) + ((hashOf(Buffer.from(host)) >>> 0) % HOSTS);
}

/** FNV-1a, kept clear of the two values that mark records without a name. */
function hashOf(key: Buffer): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key[i], 0x01000193);
  hash |= 0;
  return hash === 0 || hash === DELETED ? hash + 2 : hash;
}
