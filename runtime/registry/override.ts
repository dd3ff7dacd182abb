/** Values from `.troupe.yaml` and the command line that replace what the YAML of the entries says. */
import type { Declaration } from './declaration.ts';
import type { Place } from './entry.ts';
import type { Environment } from './environment.ts';
import type { ProblemList } from './problem.ts';
import { readYaml } from './read_yaml.ts';
import { didYouMean } from './suggest.ts';
import { assign, faulty, fieldsOf, type Scalar, scalar, type Tree } from './tree.ts';

/** `-o namespace:name:path.to.key=value`. */
export interface Override {
  readonly path: string;
  readonly value: string;
}

/** `--set path.to.key=value`. */
export interface Setting {
  readonly key: string;
  readonly value: string;
}

/** An override with the places for messages about it. */
export interface PlacedOverride {
  readonly path: string;
  readonly place: Place;
  readonly value: Tree;
}

/** The overrides of the command line; messages name the option, its number and the column in its text. */
export function fromCommandLine(
  option: '-o' | '--set',
  given: readonly { readonly path: string; readonly value: string }[],
  environment: Environment,
  problems: ProblemList,
): PlacedOverride[] {
  return given.map(({ path, value }, i) => {
    const place = (column: number): Place => ({ file: option, line: i + 1, column });
    return { path, place: place(1), value: readValue(value, path.length + 2, place, environment, problems) };
  });
}

/**
 * A value from the command line. Lists and maps are written in YAML's flow style (`[a, b]`, `{a: 1}`); anything else is
 * one text, number, true or false.
 */
function readValue(
  text: string,
  column: number,
  place: (column: number) => Place,
  environment: Environment,
  problems: ProblemList,
): Tree {
  const start = place(column);
  const reading = readYaml(text, start.file, environment, offset => place(column + offset));
  if (/^\s*[[{"']/.test(text)) {
    problems.addAll(reading.problems.found);
    return reading.broken || reading.tree === undefined ? faulty(start) : reading.tree;
  }
  const content = reading.broken ? undefined : reading.tree?.content;
  if (content === undefined || content === null || typeof content === 'object') return scalar(start, text, text);
  problems.addAll(reading.problems.found);
  return scalar(start, content as Scalar, typeof content === 'string' ? content : text);
}

/** The overrides in `.troupe.yaml`. */
export function fromSettings(settings: Tree): PlacedOverride[] {
  const overrides = fieldsOf(fieldsOf(settings)?.get('override')?.value);
  return [...(overrides?.values() ?? [])].map(({ key, place, value }) => ({ path: key, place, value }));
}

/** Declarations with the overrides applied, in their order: a later one wins. */
export function applyOverrides(
  declarations: ReadonlyMap<string, Declaration>,
  overrides: readonly PlacedOverride[],
  complete: boolean,
  problems: ProblemList,
): Map<string, Declaration> {
  const result = new Map(declarations);
  for (const { path, place, value } of overrides) {
    const parts = /^([^:]+:[^:]+):(.+)$/.exec(path);
    if (parts === null) {
      problems.add(place, `"${path}" is not a place in an entry; write namespace:name:path.to.key`);
      continue;
    }
    const [, id, keys] = parts;
    const declaration = result.get(id);
    if (declaration === undefined) {
      if (!complete) continue;
      problems.add(place, `there is no entry ${id} to change${didYouMean(id, result.keys())}`, 'NOT_FOUND');
      continue;
    }
    const steps = keys.split('.');
    if (steps[0] === 'name' || steps[0] === 'kind') {
      problems.add(
        place,
        `the ${steps[0]} of an entry cannot be changed from outside; change it in ${declaration.file}`,
      );
      continue;
    }
    const fault = faultOfSteps(steps);
    const tree = fault ?? assign(declaration.tree, steps, value, place);
    if (typeof tree === 'string') problems.add(place, `${path}: ${tree}`);
    else result.set(id, { ...declaration, tree });
  }
  return result;
}

/** The settings' tree with what `--set` says. */
export function applySettings(settings: Tree, changes: readonly PlacedOverride[], problems: ProblemList): Tree {
  for (const { path, place, value } of changes) {
    const steps = path.split('.');
    if (steps[0] === 'override') {
      problems.add(place, 'entries are not changed with --set; use -o namespace:name:path=value');
      continue;
    }
    const tree = faultOfSteps(steps) ?? assign(settings, steps, value, place);
    if (typeof tree === 'string') problems.add(place, `${path}: ${tree}`);
    else settings = tree;
  }
  return settings;
}

function faultOfSteps(steps: readonly string[]): string | undefined {
  if (steps.includes('')) return 'there is a dot too many';
  return steps.includes('__proto__') ? 'the key "__proto__" is not allowed' : undefined;
}
