/** The keys that every entry has. */
import { z } from 'zod';
import type { EntryKind } from '../entry.ts';
import { reference, text } from '../schema.ts';
import type { Scope } from '../scope.ts';

/** Kinds that can run processes. */
export const HOST_KINDS = ['process.host', 'terminal.host'] as const satisfies readonly EntryKind[];
/** Kinds whose entries can be spawned as a process that stays. */
export const PROCESS_KINDS = [
  'process.lua',
  'process.ts',
  'process.xstate',
  'process.wasm',
] as const satisfies readonly EntryKind[];

/** Kinds that have a `source`. */
export const SOURCE_KINDS: ReadonlySet<EntryKind> = new Set<EntryKind>([
  ...PROCESS_KINDS,
  'function.lua',
  'function.ts',
  'function.wasm',
  'function.wat',
  'library.lua',
]);

export function entryShape<K extends EntryKind>(scope: Scope, kind: K) {
  return { name: z.string(), kind: z.literal(kind), meta: meta(scope) };
}

/** `meta` is free; the keys that the runtime itself reads are checked. Source: semantics section 9. */
function meta(scope: Scope) {
  return z
    .looseObject({
      /** The host to run on where a spawn or a call names none. */
      default_host: reference(scope, HOST_KINDS).optional(),
      /** `troupe run <name>` runs this entry in its terminal host. */
      command: z.looseObject({ name: text(), short: z.string().optional() }).optional(),
      /** `test`: `troupe test` calls it. */
      type: z.string().optional(),
      suite: z.string().optional(),
      order: z.number().optional(),
    })
    .prefault({});
}
