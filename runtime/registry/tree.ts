/**
 * YAML as values that know where they were written. Trees are immutable: aliases share them, and an override makes a
 * new tree along its path.
 */
import type { Place } from './entry.ts';

export type Scalar = string | number | bigint | boolean | null;

export interface Field {
  readonly key: string;
  /** Where the key is written. */
  readonly place: Place;
  readonly value: Tree;
}

export type Fields = ReadonlyMap<string, Field>;

export interface Tree {
  readonly place: Place;
  readonly content: Scalar | readonly Tree[] | Fields;
  /**
   * For scalars from the environment or the command line, where nobody can write quotes: the text as it came. The
   * schema decides whether `5` is a number or a text (`retype`).
   */
  readonly loose?: string;
  /** Of a text as it was written: where its character of this offset stands; undefined where nobody can tell. */
  readonly inside?: (offset: number) => Place | undefined;
  /** Set where the value could not be read, which is reported already: what else is wrong with it is an echo. */
  readonly faulty?: boolean;
  /** Values in it, itself included, with aliases counted as often as they are used. */
  readonly size: number;
  /** Levels in it: 0 for a scalar. Aliases can stack levels that no text has. */
  readonly height: number;
}

/** Keys and list indexes from the root of an entry, as zod gives them. */
export type Path = readonly PropertyKey[];

export function scalar(place: Place, content: Scalar, loose?: string): Tree {
  return loose === undefined ? { place, content, size: 1, height: 0 } : { place, content, loose, size: 1, height: 0 };
}

/** Stands for a value that could not be read. */
export function faulty(place: Place, content: Scalar = null): Tree {
  return { place, content, faulty: true, size: 1, height: 0 };
}

export function list(place: Place, items: readonly Tree[]): Tree {
  return { place, content: items, ...measure(items) };
}

export function map(place: Place, fields: Fields): Tree {
  return { place, content: fields, ...measure([...fields.values()].map(field => field.value)) };
}

function measure(parts: readonly Tree[]): { size: number; height: number } {
  let size = 1;
  let height = 0;
  for (const part of parts) {
    size += part.size;
    height = Math.max(height, part.height);
  }
  return { size, height: height + 1 };
}

export function fieldsOf(tree: Tree | undefined): Fields | undefined {
  return tree?.content instanceof Map ? tree.content : undefined;
}

export function itemsOf(tree: Tree | undefined): readonly Tree[] | undefined {
  return Array.isArray(tree?.content) ? tree.content : undefined;
}

export function textOf(tree: Tree | undefined): string | undefined {
  return typeof tree?.content === 'string' ? tree.content : undefined;
}

/** The value under one key or index, if it is there. */
export function child(tree: Tree | undefined, key: PropertyKey): Tree | undefined {
  return fieldsOf(tree)?.get(String(key))?.value ?? itemsOf(tree)?.[Number(key)];
}

export function descend(tree: Tree | undefined, path: Path): Tree | undefined {
  for (const key of path) tree = child(tree, key);
  return tree;
}

/** The tree as JavaScript values. Safe with ordinary objects: reading refuses the key `__proto__`. */
export function plain(tree: Tree): unknown {
  const content = tree.content;
  if (content instanceof Map) {
    const object: { [key: string]: unknown } = {};
    for (const field of (content as Fields).values()) object[field.key] = plain(field.value);
    return object;
  }
  return Array.isArray(content) ? content.map(plain) : content;
}

/**
 * Where a message about `path` should point. A value that is missing or empty has no place of its own: then it is the
 * key of the nearest thing that is there.
 */
export function locate(tree: Tree, path: Path, at: 'key' | 'value' = 'value'): Place {
  let place = tree.place;
  for (let i = 0; i < path.length; i++) {
    const field = fieldsOf(tree)?.get(String(path[i]));
    const next = field?.value ?? itemsOf(tree)?.[Number(path[i])];
    if (next === undefined) return place;
    const last = i === path.length - 1;
    const useKey = field !== undefined && (!last || at === 'key' || next.content === null);
    place = useKey ? field.place : next.place;
    tree = next;
  }
  return place;
}

/**
 * A tree in which `path` holds `value`; maps that are missing on the way are made. Answers a text that says why where
 * the path leads through something that has no keys. `place` is where the path is written.
 */
export function assign(tree: Tree, path: readonly string[], value: Tree, place: Place): Tree | string {
  if (path.length === 0) return value;
  const [key, ...rest] = path;
  const items = itemsOf(tree);
  if (items !== undefined) {
    if (!/^\d+$/.test(key) || Number(key) >= items.length) {
      return `there is no item ${JSON.stringify(key)} in a list of ${items.length}; items are counted from 0`;
    }
    const item = assign(items[Number(key)], rest, value, place);
    return typeof item === 'string' ? item : list(tree.place, items.with(Number(key), item));
  }
  const fields = fieldsOf(tree) ?? (tree.content === null ? new Map<string, Field>() : undefined);
  if (fields === undefined)
    return `${JSON.stringify(key)} cannot be set inside ${JSON.stringify(String(tree.content))}`;
  const old = fields.get(key);
  const inner = assign(old?.value ?? map(place, new Map()), rest, value, place);
  if (typeof inner === 'string') return inner;
  // What is made or replaced here was written in the override, so its key is to be found there too.
  const field = { key, place: old === undefined || rest.length === 0 ? place : old.place, value: inner };
  return map(tree.place, new Map(fields).set(key, field));
}
