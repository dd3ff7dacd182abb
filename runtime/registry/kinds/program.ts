/** Entries with code: `process.*`, `function.*` and `library.lua`. */
import { z } from 'zod';
import type { EntryKind } from '../entry.ts';
import { always, count, distinct, duration, reference, refuse, reporter, text } from '../schema.ts';
import type { Scope } from '../scope.ts';
import { foundWords } from '../words.ts';
import { entryShape } from './common.ts';
import { faultOfCapability } from './host.ts';

/** What Lua programs have without asking; `modules` may name them all the same. Source: semantics section 5. */
export const LUA_BUILT_IN: ReadonlySet<string> = new Set([
  'coroutine',
  'string',
  'table',
  'math',
  'utf8',
  'os',
  'print',
]);

function programShape<K extends EntryKind>(scope: Scope, kind: K) {
  return {
    ...entryShape(scope, kind),
    source: text(),
    hash: hash().optional(),
    method: text().default('main'),
    options: z
      .strictObject({
        /** How long a call of this entry may take. */
        timeout: duration('positive').optional(),
      })
      .prefault({}),
  };
}

export const processLua = (scope: Scope) =>
  z.strictObject({ ...programShape(scope, 'process.lua'), ...luaShape(scope) });
export const functionLua = (scope: Scope) =>
  z.strictObject({ ...programShape(scope, 'function.lua'), ...luaShape(scope), pool: pool().optional() });

/** A library is loaded by `require`, so it has no method and no options. */
export const libraryLua = (scope: Scope) =>
  z.strictObject({ ...entryShape(scope, 'library.lua'), source: text(), hash: hash().optional(), ...luaShape(scope) });

export const processTs = (scope: Scope) =>
  z.strictObject({ ...programShape(scope, 'process.ts'), imports: wants(scope) });
export const processXstate = (scope: Scope) =>
  z.strictObject({ ...programShape(scope, 'process.xstate'), imports: wants(scope) });
export const functionTs = (scope: Scope) =>
  z.strictObject({ ...programShape(scope, 'function.ts'), imports: wants(scope), pool: pool().optional() });

export const processWasm = (scope: Scope) =>
  z.strictObject({ ...programShape(scope, 'process.wasm'), imports: wants(scope), ...wasmShape() });
export const functionWasm = (scope: Scope) =>
  z.strictObject({
    ...programShape(scope, 'function.wasm'),
    imports: wants(scope),
    ...wasmShape(),
    pool: pool().optional(),
  });
export const functionWat = (scope: Scope) =>
  z.strictObject({
    ...programShape(scope, 'function.wat'),
    imports: wants(scope),
    wit: text().optional(),
    pool: pool().optional(),
  });

function luaShape(scope: Scope) {
  const alias = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]*$/, {
    error: issue => `"${issue.input}" cannot be an alias; write letters, digits, "_", "-" and "." only`,
  });
  return {
    modules: wants(scope, LUA_BUILT_IN),
    imports: z
      .record(alias, reference(scope, ['library.lua']), {
        error: issue =>
          Array.isArray(issue.input)
            ? 'expected alias: id of a library.lua for each library, found a list; capabilities belong under modules'
            : undefined,
      })
      .prefault({}),
  };
}

/** Names of wanted capabilities. `more`: names that need not be granted. */
function wants(scope: Scope, more: ReadonlySet<string> = new Set()) {
  const name = text().transform((wanted, context) => {
    const fault = more.has(wanted) ? undefined : faultOfCapability(scope, wanted);
    if (fault !== undefined) reporter(context)([], `"${wanted}": ${fault}`, { kind: 'NOT_FOUND' });
    return wanted;
  });
  return distinct(name).default([]);
}

function wasmShape() {
  return {
    /** Types of the exports, in WIT: `add: func(a: s32, b: s32) -> s32`. Inline, or `file://...`. */
    wit: text().optional(),
    /** Compile the source at load instead of taking it for a binary. */
    language: z.enum(['assemblyscript']).optional(),
  };
}

/** Lower-case hexadecimal digits of a sha256. */
function hash() {
  return z
    .string()
    .meta({ pattern: '^sha256:[0-9a-fA-F]{64}$' })
    .transform((written, context) => {
      const digits = /^sha256:([0-9a-f]{64})$/i.exec(written)?.[1];
      if (digits !== undefined) return digits.toLowerCase();
      return refuse(context, `expected "sha256:" and 64 hexadecimal digits, found ${foundWords(written)}`);
    });
}

/** How many calls of a function run at once (semantics section 9). */
function pool() {
  const fields = z.strictObject({
    type: z.enum(['inline', 'lazy', 'static', 'adaptive']),
    size: count(1).optional(),
    max_size: count(1).optional(),
    workers: count(1).optional(),
    /** Calls that may wait for a free place. */
    buffer: count(0).optional(),
  });
  return always(fields, (value, report) => {
    if (value.size !== undefined && value.max_size !== undefined && value.max_size < value.size) {
      report(['max_size'], `must be at least size, which is ${value.size}; found the number ${value.max_size}`);
    }
  });
}
