import { TroupeError } from '../../../runtime/errors.ts';
import type { Loaded } from '../instance/loaded.ts';

/**
 * New memory of the guest from its export `cabi_realloc` (or `troupe_alloc`): the address, checked. Throws INTERNAL where
 * the answer is of no use.
 */
export function allocate(loaded: Loaded, length: number, align: number): number {
  const given = loaded.has('cabi_realloc')
    ? loaded.within('cabi_realloc', 0, 0, align, length)
    : loaded.within('troupe_alloc', length);
  const at = (given as number) >>> 0;
  if (!loaded.memory.holds(at, length)) {
    throw badMemory(`the allocator of the module gave ${length} bytes at ${at}, which is not inside its memory`);
  }
  if (at % align !== 0) {
    throw badMemory(`the allocator of the module gave ${length} bytes at ${at}, which is not a multiple of ${align}`);
  }
  return at;
}

export function badMemory(message: string): TroupeError {
  return new TroupeError(message, { kind: 'INTERNAL' });
}
