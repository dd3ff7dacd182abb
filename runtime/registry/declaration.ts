/** One file's tree -> the entries it declares: ids and kinds, nothing below them is looked at yet. */
import { ENTRY_KINDS, type EntryKind, type Place } from './entry.ts';
import type { ProblemList } from './problem.ts';
import { didYouMean, nearest } from './suggest.ts';
import { type Field, type Fields, fieldsOf, itemsOf, map, type Tree, textOf } from './tree.ts';
import { foundWords } from './words.ts';

export interface Declaration {
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  /** Undefined where the file names no known kind (reported already). */
  readonly kind: EntryKind | undefined;
  /** The entry's map, without the keys of the file (`version`, `namespace`). */
  readonly tree: Tree;
  /** Path of the YAML file relative to the deployment's root. */
  readonly file: string;
}

export const ID_PART = /^[A-Za-z0-9_][A-Za-z0-9_-]*(\.[A-Za-z0-9_][A-Za-z0-9_-]*)*$/;
export const RESERVED_NAMESPACE = 'system';

const FILE_KEYS = ['version', 'namespace', 'entries'] as const;

/**
 * Whether a YAML file is meant for the registry. Other YAML (of containers, of continuous integration) may lie in the
 * same folder; a deployment file with a mistyped key must not be taken for such a one.
 */
export function isDeploymentFile(tree: Tree | undefined): boolean {
  const fields = fieldsOf(tree);
  if (fields === undefined) return false;
  if (fields.has('name') && fields.has('kind')) return true;
  const foreign = fields.has('apiVersion');
  if (fields.has('entries')) return fields.has('namespace') || !foreign;
  if (!fields.has('namespace') || foreign) return false;
  return [...fields.keys()].every(
    key => key === 'namespace' || nearest(key, [...FILE_KEYS, 'name', 'kind']) !== undefined,
  );
}

/**
 * Adds the file's entries to `declarations`. Answers whether every entry of the file is known by its id now; where not,
 * a reference that leads nowhere may be right all the same.
 */
export function declare(file: string, tree: Tree, declarations: Declaration[], problems: ProblemList): boolean {
  const fields = fieldsOf(tree)!;
  checkVersion(fields, problems);
  const namespace = readNamespace(tree, fields, problems);
  const entries = fields.get('entries');
  if (entries === undefined && (fields.has('name') || fields.has('kind'))) {
    return declareEntry(file, withoutFileKeys(tree, fields), namespace, declarations, problems);
  }
  for (const field of fields.values()) {
    if ((FILE_KEYS as readonly string[]).includes(field.key)) continue;
    const hint = didYouMean(
      field.key,
      FILE_KEYS,
      '; a file has version, namespace and entries, and the rest belongs into an entry',
    );
    problems.add(field.place, unknownFileKey(field.key) + hint);
  }
  if (entries === undefined) {
    if (![...fields.keys()].some(key => nearest(key, ['entries']) !== undefined)) {
      problems.add(tree.place, 'this file has a namespace but no entries; add "entries:" with a list of entries');
    }
    return false;
  }
  const items = itemsOf(entries.value);
  if (items === undefined) {
    const place = entries.value.content === null ? entries.place : entries.value.place;
    problems.add(
      place,
      `entries: expected a list, found ${foundWords(entries.value.content)}; begin each entry with "- name: ..."`,
    );
    return false;
  }
  let complete = true;
  for (const item of items) complete = declareEntry(file, item, namespace, declarations, problems) && complete;
  return complete;
}

function unknownFileKey(key: string): string {
  return `unknown key "${key}" at the top of a file`;
}

function checkVersion(fields: Fields, problems: ProblemList): void {
  const version = fields.get('version');
  // Unquoted, YAML reads 1.0 as the number 1.
  if (version === undefined || version.value.content === '1.0' || version.value.content === 1) return;
  problems.add(version.value.place, `version: expected "1.0", found ${foundWords(version.value.content)}`);
}

function readNamespace(tree: Tree, fields: Fields, problems: ProblemList): string | undefined {
  const field = fields.get('namespace');
  if (field === undefined) {
    const near = [...fields.values()].find(other => nearest(other.key, ['namespace']) !== undefined);
    if (near !== undefined) problems.add(near.place, `${unknownFileKey(near.key)}; did you mean "namespace"?`);
    else problems.add(tree.place, 'this file has no namespace; add a line such as "namespace: app" at the top');
    return undefined;
  }
  if (field.value.faulty) return undefined;
  const text = textOf(field.value);
  const place = field.value.content === null ? field.place : field.value.place;
  if (text === undefined) {
    problems.add(
      place,
      `namespace: expected a text such as app or shop.cart, found ${foundWords(field.value.content)}`,
    );
    return undefined;
  }
  if (!ID_PART.test(text)) {
    problems.add(
      place,
      `namespace: "${text}" cannot be used; write letters, digits, "_" and "-", with single dots between`,
    );
    return undefined;
  }
  if (text === RESERVED_NAMESPACE) {
    problems.add(place, `namespace: "${RESERVED_NAMESPACE}" belongs to the runtime itself; choose another`);
    return undefined;
  }
  return text;
}

function declareEntry(
  file: string,
  tree: Tree,
  namespace: string | undefined,
  declarations: Declaration[],
  problems: ProblemList,
): boolean {
  const fields = fieldsOf(tree);
  if (fields === undefined) {
    problems.add(tree.place, `an entry: expected keys such as name and kind, found ${foundWords(tree.content)}`);
    return false;
  }
  const kind = readKind(tree.place, fields, problems);
  const name = readName(tree.place, fields, problems);
  if (name === undefined || namespace === undefined) return false;
  declarations.push({ id: `${namespace}:${name}`, namespace, name, kind, tree, file });
  return true;
}

function readName(place: Place, fields: Fields, problems: ProblemList): string | undefined {
  const field = fields.get('name');
  if (field === undefined) {
    problems.add(place, 'this entry has no name; add "name: ..." (the other entries refer to it by namespace:name)');
    return undefined;
  }
  if (field.value.faulty) return undefined;
  const name = textOf(field.value);
  const at = valuePlace(field);
  if (name === undefined) {
    const quotes = typeof field.value.content === 'number' ? '; put it in quotes' : '';
    problems.add(at, `name: expected a text, found ${foundWords(field.value.content)}${quotes}`);
    return undefined;
  }
  if (!ID_PART.test(name)) {
    problems.add(at, `name: "${name}" cannot be used; write letters, digits, "_" and "-", with single dots between`);
    return undefined;
  }
  return name;
}

function readKind(place: Place, fields: Fields, problems: ProblemList): EntryKind | undefined {
  const field = fields.get('kind');
  if (field === undefined) {
    problems.add(place, 'this entry has no kind; add for example "kind: process.lua"');
    return undefined;
  }
  if (field.value.faulty) return undefined;
  const kind = textOf(field.value);
  if (kind === undefined) {
    problems.add(
      valuePlace(field),
      `kind: expected a text such as process.lua, found ${foundWords(field.value.content)}`,
    );
    return undefined;
  }
  if ((ENTRY_KINDS as readonly string[]).includes(kind)) return kind as EntryKind;
  const hint = didYouMean(kind, ENTRY_KINDS, `; the kinds are: ${ENTRY_KINDS.join(', ')}`);
  problems.add(field.value.place, `unknown kind "${kind}"${hint}`);
  return undefined;
}

function valuePlace(field: Field): Place {
  return field.value.content === null ? field.place : field.value.place;
}

function withoutFileKeys(tree: Tree, fields: Fields): Tree {
  return map(tree.place, new Map([...fields].filter(([key]) => key !== 'version' && key !== 'namespace')));
}
