/** What the names of hosts stand for. A seam: where nothing else is given it is the system's resolver, which reads its hosts file too. */
import { lookup } from 'node:dns/promises';

export interface Address {
  /** An IP address in its usual form. */
  readonly address: string;
  readonly family: 4 | 6;
}

/** All addresses of a host; rejects as `node:dns` does. */
export type Resolve = (hostname: string) => Promise<readonly Address[]>;

export const resolveHost: Resolve = async hostname =>
  (await lookup(hostname, { all: true, verbatim: true })) as readonly Address[];
