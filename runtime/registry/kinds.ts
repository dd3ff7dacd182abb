/** Every kind of entry with its schema, and the types of `Entry.data` that follow from them. */
import type { z } from 'zod';
import type { Entry, EntryKind } from './entry.ts';
import { envVariable } from './kinds/env_variable.ts';
import { fsDirectory } from './kinds/fs_directory.ts';
import { processHost, terminalHost } from './kinds/host.ts';
import { securityPolicy, securityPolicyExpr } from './kinds/policy.ts';
import {
  functionLua,
  functionTs,
  functionWasm,
  functionWat,
  libraryLua,
  processLua,
  processTs,
  processWasm,
  processXstate,
} from './kinds/program.ts';
import { registryEntry } from './kinds/registry_entry.ts';
import { processService } from './kinds/service.ts';
import { storeMemory } from './kinds/store_memory.ts';
import { processSupervisor } from './kinds/supervisor.ts';
import type { Scope } from './scope.ts';

/** One schema a kind: validation, types and the published JSON Schema all come from it. */
export const KIND_SCHEMAS = {
  'process.lua': processLua,
  'process.ts': processTs,
  'process.xstate': processXstate,
  'process.wasm': processWasm,
  'function.lua': functionLua,
  'function.ts': functionTs,
  'function.wasm': functionWasm,
  'function.wat': functionWat,
  'library.lua': libraryLua,
  'process.host': processHost,
  'terminal.host': terminalHost,
  'process.service': processService,
  'process.supervisor': processSupervisor,
  'security.policy': securityPolicy,
  'security.policy.expr': securityPolicyExpr,
  'env.variable': envVariable,
  'store.memory': storeMemory,
  'fs.directory': fsDirectory,
  'registry.entry': registryEntry,
} as const satisfies { readonly [K in EntryKind]: (scope: Scope) => z.ZodType };

/** An entry of kind K after validation, with all its keys. */
export type Validated<K extends EntryKind> = z.output<ReturnType<(typeof KIND_SCHEMAS)[K]>>;

/** Keys that are fields of `Entry` itself. */
const ENTRY_FIELDS = ['name', 'kind', 'meta', 'source', 'hash', 'method', 'modules', 'imports'] as const;
type EntryField = (typeof ENTRY_FIELDS)[number];

/** `Entry.data` per kind. Durations in milliseconds, sizes in bytes, references as full ids, defaults filled in. */
export type KindData<K extends EntryKind> = Omit<Validated<K>, EntryField>;

/** The data of an entry whose kind is known; undefined where it is of another kind. */
export function dataOf<K extends EntryKind>(entry: Entry, kind: K): KindData<K> | undefined {
  return entry.kind === kind ? (entry.data as KindData<K>) : undefined;
}

export function withoutEntryFields(validated: { readonly [key: string]: unknown }): { [key: string]: unknown } {
  const data: { [key: string]: unknown } = { ...validated };
  for (const key of ENTRY_FIELDS) delete data[key];
  return data;
}
