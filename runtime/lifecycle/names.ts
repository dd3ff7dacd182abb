import { tooManyNames, tooManyNamesOfHost } from '../catalogue.ts';
import { hostOfPid } from '../pid.ts';

/** Registered names of a runtime (semantics section 5, scope LOCAL). One pid may hold many; a name has one holder. */
export interface Names {
  /**
   * Undefined: `pid` holds the name now. Otherwise the holder that was there (which may be `pid` itself). Throws
   * RATE_LIMITED where there are too many names, in all or of this host.
   */
  register(name: string, pid: string): string | undefined;
  lookup(name: string): string | undefined;
  /** Release a name that `pid` holds, or anybody's where `pid` is undefined; whether it was held so. */
  release(name: string, pid: string | undefined): boolean;
}

/** Longest name in UTF-8 bytes. */
export const LONGEST_NAME = 200;

/** Names in one runtime, at most. */
export const NAMES_CAPACITY = 1 << 16;

/** How many of them the processes of one host may hold, so that no host takes the names of all others. */
export function shareOfHost(capacity: number): number {
  return capacity >> 2;
}

/** The names of a runtime with one scheduler. */
export class LocalNames implements Names {
  readonly #holders = new Map<string, string>();
  /** How many names a host holds. */
  readonly #ofHost = new Map<string, number>();

  /** Throws RATE_LIMITED. */
  register(name: string, pid: string): string | undefined {
    const holder = this.#holders.get(name);
    if (holder !== undefined) return holder;
    if (this.#holders.size >= NAMES_CAPACITY) throw tooManyNames(NAMES_CAPACITY);
    const host = hostOfPid(pid);
    const held = this.#ofHost.get(host) ?? 0;
    const share = shareOfHost(NAMES_CAPACITY);
    if (held >= share) throw tooManyNamesOfHost(host, share);
    this.#ofHost.set(host, held + 1);
    this.#holders.set(name, pid);
    return undefined;
  }

  lookup(name: string): string | undefined {
    return this.#holders.get(name);
  }

  release(name: string, pid: string | undefined): boolean {
    const holder = this.#holders.get(name);
    if (holder === undefined || (pid !== undefined && holder !== pid)) return false;
    const host = hostOfPid(holder);
    this.#ofHost.set(host, this.#ofHost.get(host)! - 1);
    return this.#holders.delete(name);
  }
}
