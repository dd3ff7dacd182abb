/** Text -> `Tree`: YAML with the place of every key and value, environment references replaced. */
import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseAllDocuments,
  type Scalar as YamlScalar,
} from 'yaml';
import type { Place } from './entry.ts';
import { type Environment, hasReference, replaceReferences } from './environment.ts';
import { ProblemList } from './problem.ts';
import { offsetInScalar } from './scalar_offset.ts';
import { didYouMean } from './suggest.ts';
import { firstFault, TOO_DEEP } from './syntax.ts';
import { type Field, faulty, list, map, type Scalar, scalar, type Tree } from './tree.ts';

/** A few lines of aliases can stand for billions of values; this is far above what a deployment file holds. */
const MAX_VALUES = 100_000;
const MAX_DEPTH = 64;

export interface Reading {
  /** Undefined where the text has no values: empty, or nothing but comments. */
  readonly tree: Tree | undefined;
  readonly problems: ProblemList;
  /** Whether `tree` is only what could be made out of a text that is not valid YAML. */
  readonly broken: boolean;
}

/** Offset into the text -> place. */
export type Origin = (offset: number) => Place;

/** Reads one text; never throws. `origin` gives places for texts that are not files (command line options). */
export function readYaml(text: string, file: string, environment: Environment, origin?: Origin): Reading {
  const lines = new LineCounter();
  const problems = new ProblemList();
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    // Repeated keys are found while the tree is made: there both places are known, and it takes linear time.
    uniqueKeys: false,
    logLevel: 'silent',
  });
  const place: Origin =
    origin ??
    (offset => {
      const { line, col } = lines.linePos(offset);
      return { file, line, column: col };
    });
  if ('empty' in documents || documents.length === 0) return { tree: undefined, problems, broken: false };

  const control = /(?![\t\n\r])\p{Cc}/u.exec(text);
  if (control !== null) {
    problems.add(place(control.index), 'there is an invisible control character here; remove it');
    return { tree: undefined, problems, broken: true };
  }
  let broken = false;
  for (const document of documents) {
    const fault = firstFault(document, text);
    if (fault === undefined) continue;
    problems.add(place(fault.offset), fault.message);
    broken = true;
    break;
  }
  if (documents.length > 1 && !broken) {
    problems.add(
      place(documents[1].contents?.range?.[0] ?? documents[1].range[0]),
      'a second document begins here; keep one a file: remove the "---" line, or move this part to a file of its own',
    );
    broken = true;
  }
  const reader = new Reader(text, environment, place, broken ? new ProblemList() : problems);
  const contents = documents[0].contents;
  const tree = contents === null ? undefined : reader.read(contents, 0);
  return { tree: tree?.content === null ? undefined : tree, problems, broken };
}

class Reader {
  private readonly text: string;
  private readonly environment: Environment;
  private readonly place: Origin;
  private readonly problems: ProblemList;
  /** Undefined while the anchored value is still being read: an alias to it would contain itself. */
  private readonly anchors = new Map<string, Tree | undefined>();
  private overfull = false;

  constructor(text: string, environment: Environment, place: Origin, problems: ProblemList) {
    this.text = text;
    this.environment = environment;
    this.place = place;
    this.problems = problems;
  }

  read(node: unknown, depth: number): Tree {
    if (isAlias(node)) return this.alias(node);
    const anchor = (node as { anchor?: string } | null)?.anchor;
    if (anchor !== undefined) this.anchors.set(anchor, undefined);
    const tree = this.value(node, depth);
    if (anchor !== undefined) this.anchors.set(anchor, tree);
    return tree;
  }

  private value(node: unknown, depth: number): Tree {
    if (isScalar(node)) return this.scalar(node);
    const place = this.start(node);
    if (depth >= MAX_DEPTH) {
      this.problems.add(place, TOO_DEEP);
      return faulty(place);
    }
    if (isSeq(node)) {
      return this.bounded(
        list(
          place,
          node.items.map(item => this.read(item, depth + 1)),
        ),
      );
    }
    if (isMap(node)) return this.bounded(map(place, this.fields(node.items, depth)));
    return scalar(place, null);
  }

  private fields(pairs: readonly Pair[], depth: number): Map<string, Field> {
    const fields = new Map<string, Field>();
    for (const pair of pairs) {
      const place = this.start(pair.key);
      const key = this.key(pair.key, place);
      if (key === undefined) continue;
      const value =
        pair.value === null || pair.value === undefined ? scalar(place, null) : this.read(pair.value, depth + 1);
      const first = fields.get(key);
      if (first === undefined) fields.set(key, { key, place, value });
      else {
        const where = `line ${first.place.line}, column ${first.place.column}`;
        this.problems.add(place, `the key "${key}" is written twice in the same place (first at ${where}); remove one`);
      }
    }
    return fields;
  }

  /** Keys are text; a number or true/false counts as the text that was written. */
  private key(node: unknown, place: Place): string | undefined {
    if (!isScalar(node) || node.value === null) {
      this.problems.add(place, 'a key must be a single word or text');
      return undefined;
    }
    const key = typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
    if (key === '__proto__') {
      this.problems.add(place, 'the key "__proto__" is not allowed; choose another name');
      return undefined;
    }
    if (key === '<<' && node.type === 'PLAIN') {
      this.problems.add(
        place,
        'merging with "<<" is not supported; write the keys out, or use an alias for a whole value',
      );
      return undefined;
    }
    return key;
  }

  private scalar(node: YamlScalar): Tree {
    const place = this.start(node);
    const value = node.value;
    if (typeof value === 'string')
      return hasReference(value) ? this.replaced(node, value, place) : this.written(node, value, place);
    if (value === null || value === undefined) return scalar(place, null);
    if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
      return scalar(place, /^[-+]?\d+$/.test(node.source ?? '') ? BigInt(node.source!) : value);
    }
    if (typeof value === 'number' || typeof value === 'boolean') return scalar(place, value as Scalar);
    this.problems.add(place, 'tags like this one (they begin with "!") are not used here; remove it');
    return faulty(place);
  }

  private written(node: YamlScalar, value: string, place: Place): Tree {
    const inside = (offset: number) => {
      const found = offsetInScalar(this.text, node, value, offset);
      return found === undefined ? undefined : this.place(found);
    };
    return { ...scalar(place, value), inside };
  }

  private replaced(node: YamlScalar, value: string, place: Place): Tree {
    const { text, faults } = replaceReferences(value, this.environment);
    const [start, end] = node.range ?? [0, 0];
    for (const fault of faults) {
      let offset = start - 1;
      for (let i = 0; i <= fault.nth && (i === 0 || offset >= 0); i++)
        offset = this.text.indexOf(fault.token, offset + 1);
      const found = offset >= start && offset < end;
      this.problems.add(found ? this.place(offset) : place, fault.message, 'NOT_FOUND');
    }
    return faults.length > 0 ? faulty(place, text) : scalar(place, text, text);
  }

  private alias(node: Alias.Parsed | Alias): Tree {
    const place = this.start(node);
    const name = node.source;
    const target = this.anchors.get(name);
    if (target !== undefined) return this.bounded(target, place);
    if (this.anchors.has(name)) {
      this.problems.add(
        place,
        `the alias *${name} stands inside the value that it names, so it would never end; remove it`,
      );
    } else {
      const hint = didYouMean(name, this.anchors.keys(), `; write &${name} before the value that it should repeat`);
      this.problems.add(place, `the alias *${name} repeats nothing: no &${name} comes before it${hint}`, 'NOT_FOUND');
    }
    return faulty(place);
  }

  /** Cuts off what has grown too large, so that nothing later walks through billions of values. */
  private bounded(tree: Tree, place = tree.place): Tree {
    if (tree.height > MAX_DEPTH) {
      this.problems.add(place, TOO_DEEP);
      return faulty(place);
    }
    if (tree.size <= MAX_VALUES) return tree;
    if (!this.overfull) {
      this.overfull = true;
      const limit = MAX_VALUES.toLocaleString('en');
      this.problems.add(
        place,
        `with its aliases this stands for more than ${limit} values; write fewer, or split the file`,
        'RATE_LIMITED',
      );
    }
    return faulty(place);
  }

  private start(node: unknown): Place {
    return this.place((node as { range?: readonly number[] | null } | null)?.range?.[0] ?? 0);
  }
}
