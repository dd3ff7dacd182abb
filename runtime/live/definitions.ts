/** From what somebody wants to set, as data or as YAML, to items of an overlay. Nothing of it is believed. */
import { TroupeError } from '../errors.ts';
import { isMap, type Payload } from '../payload/payload.ts';
import { type Declaration, declare } from '../registry/declaration.ts';
import type { Place } from '../registry/entry.ts';
import type { Environment } from '../registry/environment.ts';
import type { OverlayItem } from '../registry/overlay.ts';
import { withNames } from './definition_names.ts';
import { ProblemList } from '../registry/problem.ts';
import { readYaml } from '../registry/read_yaml.ts';
import { SourceReader } from '../registry/source.ts';
import { didYouMean } from '../registry/suggest.ts';
import { type Field, faulty, fieldsOf, list, locate, map, scalar, type Tree } from '../registry/tree.ts';

/** In front of what is named in messages: no such file is in the folder. */
const SET = '(set at run time)';
/** `file://` and folders of what is set at run time start at the top of the deployment, where this file would be. */
const FILE = '';

const MOST_DEPTH = 64;
/** Values of the definitions that are set together. */
const MOST_VALUES = 100_000;
/** Characters of their texts and keys. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

/** What is wrong stays in `problems` until the whole is judged, so that all of it is found at once. */
export class Definitions {
  readonly problems = new ProblemList();
  /** Whether every entry is known by its id. */
  complete = true;
  /** By id. */
  readonly items = new Map<string, OverlayItem>();
  /** Ids of what was set earlier and is taken away again. */
  readonly dropped = new Set<string>();
  readonly #sources: SourceReader;
  #values = 0;
  #characters = 0;

  /** `root`: of the deployment. `closed`: why nothing of it may read files there; undefined: it may. */
  constructor(root: string, closed?: string) {
    this.#sources = new SourceReader(root, closed);
  }

  /** `index`: its place among the changes, for messages about what says no id. `namespace`: where it says none. */
  set(definition: Payload, index: number, namespace: string | undefined): void {
    const place = placeOf(idOf(definition, namespace) ?? `changes[${index}]`);
    if (!isMap(definition)) {
      this.problems.add(place, 'an entry is set as an object with the keys of its YAML, such as name, kind and source');
      this.complete = false;
      return;
    }
    const tree = this.#tree(withNames(definition, namespace), place, 0);
    if (fieldsOf(tree)?.has('entries')) {
      this.problems.add(place, 'unknown key "entries": set one entry in each change');
      this.complete = false;
    } else this.#declare(tree);
  }

  /** The text of a file with entries, as it could lie in the folder. `name`: how messages call it. */
  setAll(yaml: string, name: string, environment: Environment): void {
    const file = `${SET} ${name}`;
    const { tree, problems, broken } = readYaml(yaml, file, environment);
    this.problems.addAll(problems.found);
    if (broken || fieldsOf(tree) === undefined) {
      this.complete = false;
      if (broken) return;
      const text = 'there are no entries here; write "namespace: ..." and "entries:", as in a file of the deployment';
      this.problems.add({ file, line: 1, column: 1 }, text);
    } else this.#declare(tree!);
  }

  /** `entries`: of the deployment. `hidden`: the folder has it, so that it must be hidden. */
  remove(id: string, entries: ReadonlyMap<string, unknown>, hidden: boolean): void {
    const place = placeOf(id);
    if (!entries.has(id)) {
      this.problems.add(place, `there is no entry ${id} to remove${didYouMean(id, entries.keys())}`, 'NOT_FOUND');
    } else if (this.#isTwice(id, place)) return;
    else if (hidden) this.items.set(id, { declaration: undefined, sources: this.#sources });
    else this.dropped.add(id);
  }

  #declare(tree: Tree): void {
    const declarations: Declaration[] = [];
    if (!declare(FILE, tree, declarations, this.problems)) this.complete = false;
    for (const declaration of declarations) {
      if (this.#isTwice(declaration.id, locate(declaration.tree, ['name']))) continue;
      this.items.set(declaration.id, { declaration, sources: this.#sources });
    }
  }

  #isTwice(id: string, place: Place): boolean {
    if (!this.items.has(id) && !this.dropped.has(id)) return false;
    this.problems.add(place, `${id} is changed twice in one step; keep one of the changes`, 'ALREADY_EXISTS');
    return true;
  }

  #tree(value: Payload, place: Place, depth: number): Tree {
    this.#count(1, typeof value === 'string' ? value.length : 0);
    if (value === undefined || value === null) return scalar(place, null);
    if (typeof value === 'string' || typeof value === 'boolean') return scalar(place, value);
    // 64-bit integers of other languages are numbers here where a number can hold them, as in YAML.
    if (typeof value === 'bigint') {
      return scalar(place, Number.isSafeInteger(Number(value)) ? Number(value) : value);
    }
    if (typeof value === 'number') {
      if (Number.isFinite(value)) return scalar(place, value);
      return this.#refused(place, `${value} cannot be in an entry; write a finite number`);
    }
    if (depth >= MOST_DEPTH) {
      return this.#refused(place, `lists and keys are nested too deeply; at most ${MOST_DEPTH} levels are read`);
    }
    if (Array.isArray(value)) {
      const items = value as readonly Payload[];
      return list(
        place,
        items.map(item => this.#tree(item, place, depth + 1)),
      );
    }
    if (!isMap(value)) {
      return this.#refused(place, 'only texts, numbers, true, false, lists and objects can be in an entry');
    }
    const fields = new Map<string, Field>();
    for (const [key, item] of Object.entries(value)) {
      this.#count(0, key.length);
      if (key === '__proto__') this.problems.add(place, 'the key "__proto__" is not allowed; choose another name');
      // What is left out in one language is undefined in another.
      else if (item !== undefined) fields.set(key, { key, place, value: this.#tree(item, place, depth + 1) });
    }
    return map(place, fields);
  }

  #refused(place: Place, message: string): Tree {
    this.problems.add(place, message);
    return faulty(place);
  }

  /** Throws RATE_LIMITED: what is too large is not looked at any further. */
  #count(values: number, characters: number): void {
    this.#values += values;
    this.#characters += characters;
    if (this.#values <= MOST_VALUES && this.#characters <= MOST_CHARACTERS) return;
    throw new TroupeError(
      `what is set in one step may hold ${MOST_VALUES} values and ${MOST_CHARACTERS / 1024 / 1024} MiB of text; set it in several steps`,
      { kind: 'RATE_LIMITED', retryable: false },
    );
  }
}

/** The id under which something would be set; undefined where it says none. */
function idOf(definition: Payload, namespace: string | undefined): string | undefined {
  if (!isMap(definition)) return undefined;
  const names = withNames(definition, namespace);
  return typeof names.namespace === 'string' && typeof names.name === 'string'
    ? `${names.namespace}:${names.name}`
    : undefined;
}

function placeOf(what: string): Place {
  return { file: `${SET} ${what}`, line: 1, column: 1 };
}
