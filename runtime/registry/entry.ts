/** What the registry knows of one entry of a deployment after validation (semantics section 9). */

/** A place in a file, 1-based, for messages of the form `file:line:column: text`. */
export interface Place {
  /** Path relative to the deployment's root, with forward slashes. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export function showPlace(place: Place): string {
  return `${place.file}:${place.line}:${place.column}`;
}

/** The place of a text such as `main.lua:3` or `main.ts:3:7`; the first column where it names none. */
export function parsePlace(text: string | undefined): Place | undefined {
  const parts = text === undefined ? null : /^(.+?):(\d+)(?::(\d+))?$/.exec(text);
  return parts === null ? undefined : { file: parts[1], line: Number(parts[2]), column: Number(parts[3] ?? 1) };
}

export const ENTRY_KINDS = [
  'process.lua',
  'process.ts',
  'process.xstate',
  'process.wasm',
  'function.lua',
  'function.ts',
  'function.wasm',
  'function.wat',
  'library.lua',
  'process.host',
  'terminal.host',
  'process.service',
  'process.supervisor',
  'security.policy',
  'security.policy.expr',
  'env.variable',
  'store.memory',
  'fs.directory',
  'registry.entry',
] as const;

export type EntryKind = (typeof ENTRY_KINDS)[number];

/** A wanted import (`modules:` for Lua, `imports:` for TypeScript and WASM) with the line that asks for it. */
export interface Want {
  readonly name: string;
  readonly place: Place;
}

/** The program text of an entry: read from `file://` or inline. */
export interface Source {
  readonly bytes: Uint8Array;
  /** Absolute path for a file, undefined for inline text. */
  readonly path: string | undefined;
  /** How messages name it: the path relative to the deployment's root, or the entry's id for inline text. */
  readonly name: string;
  /** The line of YAML that names or holds it. */
  readonly place: Place;
  /** Lower-case hexadecimal sha256 of `bytes`. */
  readonly sha256: string;
  /** Why nothing that it imports may be a file of the deployment, as a sentence. Absent: it may. */
  readonly closed?: string;
}

export interface Entry {
  /** `namespace:name`. */
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly kind: EntryKind;
  readonly meta: { readonly [key: string]: unknown };
  readonly place: Place;
  /** Present for kinds that run code and for libraries. */
  readonly source: Source | undefined;
  /** The method that runs; `main` unless the YAML says otherwise. Empty for kinds that run no code. */
  readonly method: string;
  /** Capabilities that the entry asks for, in the order written. */
  readonly wants: readonly Want[];
  /** Lua `imports:`: alias -> id of a `library.lua` entry. Empty elsewhere. */
  readonly libraries: { readonly [alias: string]: string };
  /**
   * The validated keys that belong to the kind alone, durations as milliseconds (number), sizes as bytes (number),
   * references as full ids. Its type per kind is in `runtime/registry/kinds.ts`.
   */
  readonly data: { readonly [key: string]: unknown };
}
