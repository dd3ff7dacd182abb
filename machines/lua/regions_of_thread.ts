/**
 * Which parts of the address space the Lua machine of this thread may use, so that no two threads of a runtime use the
 * same (`vm/slots/regions.ts`). The machine of the main thread serves every runtime that is started there, the machine of
 * a worker just its own.
 */
import { threadId } from 'node:worker_threads';
import { systemClock } from '../../runtime/clock.ts';
import type { Shared } from '../../runtime/machine.ts';
import { type Membership, RegionClaims } from './vm/slots/region_claims.ts';
import { RegionTable } from './vm/slots/regions.ts';

/** Owners are numbers above 0. */
const ownerOf = (thread: number): number => thread + 1;
const OWNER = ownerOf(threadId);

let claims: RegionClaims | undefined;

/** For the machine of this thread; `shared` is what `shareRegions` made on the main thread. */
export function regionsOfThread(shared: unknown): RegionClaims {
  if (claims !== undefined) return claims;
  const buffer = shared instanceof SharedArrayBuffer ? shared : RegionTable.create(chance(), chance());
  claims = new RegionClaims(new RegionTable(buffer), OWNER);
  return claims;
}

/** On the thread that starts a runtime: a table for the runtime's threads, in which this thread's regions are entered. */
export function shareRegions(): Shared {
  const own = regionsOfThread(undefined);
  const table = new RegionTable(RegionTable.create(own.seed, chance()));
  own.join(table, OWNER);
  return {
    data: table.buffer,
    release: () => own.leave(table),
    lost: thread => table.lost(ownerOf(thread)),
  };
}

/** How this thread's machine takes part in the runtime of which `shared` is, or in none. */
export function membershipOf(shared: unknown): Membership {
  const own = regionsOfThread(shared);
  return own.membership(shared instanceof SharedArrayBuffer ? new RegionTable(shared).id : undefined);
}

/** Strings of one runtime hash alike in all of its threads, and differently in every run of the program. */
function chance(): number {
  return Math.floor(systemClock.random() * 0xffff_ffff) | 0;
}
