/** One declaration -> `Entry`: validated, with its source read. */
import { dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import type { Declaration } from './declaration.ts';
import type { Entry, EntryKind, Source, Want } from './entry.ts';
import { lookAt } from '../look_at.ts';
import { KIND_SCHEMAS, withoutEntryFields } from './kinds.ts';
import { SOURCE_KINDS } from './kinds/common.ts';
import { LUA_BUILT_IN } from './kinds/program.ts';
import type { ProblemList } from './problem.ts';
import type { Scope } from './scope.ts';
import type { SourceReader, Written } from './source.ts';
import { child, locate, type Tree, textOf } from './tree.ts';
import { validate } from './validate.ts';

/** What an entry of any kind has after validation; the keys of its kind are read by name. */
type AnyValid = { readonly meta: Entry['meta']; readonly [key: string]: unknown };

/** The schemas of one scope, each made when its kind first occurs. */
export class KindSchemas {
  private readonly scope: Scope;
  private readonly made = new Map<EntryKind, z.ZodType>();

  constructor(scope: Scope) {
    this.scope = scope;
  }

  of(kind: EntryKind): z.ZodType {
    let schema = this.made.get(kind);
    if (schema === undefined) {
      schema = KIND_SCHEMAS[kind](this.scope) as z.ZodType;
      this.made.set(kind, schema);
    }
    return schema;
  }

  /** The keys of an entry as its kind wants them; undefined, and problems added, where they are wrong. */
  validate(declaration: Declaration, problems: ProblemList): AnyValid | undefined {
    const { kind, namespace, tree } = declaration;
    if (kind === undefined) return undefined;
    this.scope.namespace = namespace;
    const article = /^[aeiou]/.test(kind) ? 'an' : 'a';
    return validate(this.of(kind), tree, `${article} ${kind} entry`, problems) as AnyValid | undefined;
  }
}

interface Built {
  readonly valid: AnyValid;
  readonly entry: Entry;
}

/** Of declarations that a deployment was made of already. */
const built = new WeakMap<Declaration, Built>();

/**
 * As `buildEntry`; the same entry as before where the declaration means the same as before, so that what did not change
 * can be told by its identity.
 */
export function buildOnce(
  declaration: Declaration,
  valid: AnyValid | undefined,
  root: string,
  reader: SourceReader,
  problems: ProblemList,
): Entry | undefined {
  const before = built.get(declaration);
  if (before !== undefined && isDeepStrictEqual(before.valid, valid)) return before.entry;
  const entry = buildEntry(declaration, valid, root, reader, problems);
  if (entry !== undefined && valid !== undefined) built.set(declaration, { valid, entry });
  return entry;
}

/**
 * The entry, or undefined where its keys were wrong (`valid` undefined) or its source is. Even then the files that it
 * names are looked for, so that all problems are found at once.
 */
function buildEntry(
  declaration: Declaration,
  valid: AnyValid | undefined,
  root: string,
  reader: SourceReader,
  problems: ProblemList,
): Entry | undefined {
  const { id, namespace, name, kind, tree } = declaration;
  if (kind === undefined) return undefined;
  const data = valid === undefined ? {} : withoutEntryFields(valid);
  let source: Source | undefined;
  if (SOURCE_KINDS.has(kind)) {
    source = readSource(declaration, valid, reader, problems);
    const wit = kind.endsWith('.wasm') || kind === 'function.wat' ? writtenAt(declaration, 'wit') : undefined;
    if (wit !== undefined) {
      const types = reader.read(wit, problems);
      if (types !== undefined) data.wit = new TextDecoder().decode(types.bytes);
    }
  }
  if (kind === 'fs.directory') data.directory = findDirectory(declaration, root, problems);
  if (valid === undefined || (SOURCE_KINDS.has(kind) && source === undefined)) return undefined;
  return {
    id,
    namespace,
    name,
    kind,
    meta: valid.meta,
    place: tree.place,
    source,
    method: (valid.method as string | undefined) ?? '',
    wants: wantsOf(kind, valid, tree),
    libraries: kind.endsWith('.lua') ? (valid.imports as Entry['libraries']) : {},
    data,
  };
}

/** A key that holds text or `file://...`; undefined where it is not there, or where its type is wrong (reported already). */
function writtenAt({ tree, file, id }: Declaration, key: string): Written | undefined {
  const text = textOf(child(tree, key));
  return text === undefined || text === '' ? undefined : { key, text, file, id, place: locate(tree, [key]) };
}

function readSource(
  declaration: Declaration,
  valid: AnyValid | undefined,
  reader: SourceReader,
  problems: ProblemList,
): Source | undefined {
  const { kind, tree } = declaration;
  const written = writtenAt(declaration, 'source');
  if (written === undefined) return undefined;
  if (kind?.endsWith('.wasm') && child(tree, 'language') === undefined && !written.text.startsWith('file://')) {
    problems.add(
      written.place,
      `source: a ${kind} entry runs a binary; write file:// and its path, for example file://main.wasm`,
    );
    return undefined;
  }
  const source = reader.read(written, problems);
  if (source !== undefined && valid?.hash !== undefined && valid.hash !== source.sha256) {
    const message = `hash: the source is not the one that was meant: its hash is sha256:${source.sha256}; check the file, or write this hash`;
    problems.add(locate(tree, ['hash']), message, 'CONFLICT');
  }
  return source;
}

/** `modules` of Lua, `imports` of the others, without what needs no grant. */
function wantsOf(kind: EntryKind, valid: AnyValid, tree: Tree): Want[] {
  const key = kind.endsWith('.lua') ? 'modules' : 'imports';
  const names = SOURCE_KINDS.has(kind) ? (valid[key] as readonly string[]) : [];
  return names
    .map((name, i) => ({ name, place: locate(tree, [key, i]) }))
    .filter(({ name }) => key === 'imports' || !LUA_BUILT_IN.has(name));
}

/** The absolute path of an `fs.directory`. */
function findDirectory({ tree, file }: Declaration, root: string, problems: ProblemList): string | undefined {
  const written = textOf(child(tree, 'directory'));
  if (written === undefined || written === '') return undefined;
  const path = resolve(root, dirname(file), written);
  const found = lookAt(path);
  const place = locate(tree, ['directory']);
  if (found !== undefined && !found.isDirectory()) {
    problems.add(place, `directory: ${written} is not a folder; name a folder`);
  } else if (found === undefined && child(tree, 'auto_init')?.content !== true) {
    const remedy = 'make it, or write "auto_init: true" to have it made';
    problems.add(place, `directory: there is no folder ${written} (relative to this file); ${remedy}`, 'NOT_FOUND');
  }
  return path;
}
