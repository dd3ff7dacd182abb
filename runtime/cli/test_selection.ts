/** Which tests a deployment has, and which of them were asked for (semantics section 9). */
import { TroupeError } from '../errors.ts';
import { type Entry, showPlace } from '../registry/entry.ts';
import type { Deployment } from '../registry/load.ts';
import { didYouMean } from '../registry/suggest.ts';

/** A function with `meta.type: test`. */
export interface Test {
  readonly entry: Entry;
  /** `meta.suite`; the namespace where there is none. */
  readonly suite: string;
  /** `meta.order`; Infinity where there is none, so that those with one come first. */
  readonly order: number;
}

/** Patterns, each an exact name or a glob: `*` stands for any letters, dots included, `?` for one. Empty: everything. */
export interface TestFilter {
  readonly ns: readonly string[];
  readonly suite: readonly string[];
}

/** So many names at most are listed in a message. */
const MOST_LISTED = 20;

/**
 * The tests to run, by suite, then order, then id. Throws NOT_FOUND where there are none, or where a pattern fits none, and
 * INVALID where what is marked as a test cannot be called.
 */
export function selectTests(deployment: Deployment, filter: TestFilter): Test[] {
  const all = findTests(deployment);
  if (all.length === 0) {
    throw new TroupeError('there are no tests: give a function entry "meta: {type: test}"', {
      kind: 'NOT_FOUND',
      retryable: false,
    });
  }
  const namespaces = chosen(
    '--ns',
    'namespaces with tests',
    filter.ns,
    all.map(test => test.entry.namespace),
  );
  const suites = chosen(
    '--suite',
    'suites',
    filter.suite,
    all.map(test => test.suite),
  );
  const selected = all.filter(test => namespaces.has(test.entry.namespace) && suites.has(test.suite));
  if (selected.length === 0) {
    throw new TroupeError(
      `no test is both in ${filter.ns.map(pattern => `--ns "${pattern}"`).join(' or ')} ` +
        `and in ${filter.suite.map(pattern => `--suite "${pattern}"`).join(' or ')}; leave one of them out`,
      { kind: 'NOT_FOUND', retryable: false },
    );
  }
  return selected.sort(compareTests);
}

function findTests(deployment: Deployment): Test[] {
  const tests: Test[] = [];
  for (const entry of deployment.entries.values()) {
    if (entry.meta.type !== 'test') continue;
    // One that is passed over in silence would be a test that never fails.
    if (entry.kind.startsWith('process.')) throw notCallable(entry);
    if (!entry.kind.startsWith('function.')) continue;
    const { suite, order } = entry.meta;
    tests.push({
      entry,
      suite: typeof suite === 'string' ? suite : entry.namespace,
      order: typeof order === 'number' ? order : Number.POSITIVE_INFINITY,
    });
  }
  return tests;
}

function notCallable(entry: Entry): TroupeError {
  const language = entry.kind.slice(entry.kind.indexOf('.') + 1);
  const kind = language === 'xstate' ? 'function.ts' : `function.${language}`;
  return new TroupeError(
    `${entry.id} has meta.type: test but is a ${entry.kind}; tests are functions: make it a ${kind}`,
    { kind: 'INVALID', retryable: false, place: showPlace(entry.place) },
  );
}

/** The names that fit one of the patterns. */
function chosen(option: string, what: string, patterns: readonly string[], names: readonly string[]): Set<string> {
  const known = [...new Set(names)].sort();
  if (patterns.length === 0) return new Set(known);
  const found = new Set<string>();
  for (const pattern of patterns) {
    const matches = known.filter(matcher(pattern));
    if (matches.length === 0) {
      const listed = known.slice(0, MOST_LISTED).join(', ');
      const more = known.length > MOST_LISTED ? ` and ${known.length - MOST_LISTED} more` : '';
      const near = didYouMean(pattern, known, ';');
      throw new TroupeError(`${option} "${pattern}" fits no test${near} the ${what} are: ${listed}${more}`, {
        kind: 'NOT_FOUND',
        retryable: false,
      });
    }
    for (const name of matches) found.add(name);
  }
  return found;
}

/** Linear in the length of the name, whatever the pattern: stars never try again what an earlier star has tried. */
function matcher(pattern: string): (name: string) => boolean {
  return name => {
    let at = 0;
    let from = 0;
    let star = -1;
    let retry = 0;
    while (from < name.length) {
      if (pattern[at] === '*') {
        star = at++;
        retry = from;
      } else if (pattern[at] === '?' || pattern[at] === name[from]) {
        at++;
        from++;
      } else if (star >= 0) {
        at = star + 1;
        from = ++retry;
      } else return false;
    }
    while (pattern[at] === '*') at++;
    return at === pattern.length;
  };
}

function compareTests(a: Test, b: Test): number {
  if (a.suite !== b.suite) return a.suite < b.suite ? -1 : 1;
  if (a.order !== b.order) return a.order < b.order ? -1 : 1;
  return a.entry.id < b.entry.id ? -1 : 1;
}
