/** A tree against a schema: the typed value, or problems in plain words at the keys and values that cause them. */
import type { z } from 'zod';
import type { ErrorKind } from '../errors.ts';
import type { Place } from './entry.ts';
import type { ProblemList } from './problem.ts';
import type { IssueParams } from './schema.ts';
import { plainWords } from './plain_words.ts';
import { didYouMean } from './suggest.ts';
import { assign, descend, locate, type Path, plain, scalar, type Tree } from './tree.ts';
import { quote, showPath } from './words.ts';

/** `subject` names the whole tree in messages: `a process.lua entry`. Undefined if there were problems. */
export function validate<T extends z.ZodType>(
  schema: T,
  tree: Tree,
  subject: string,
  problems: ProblemList,
): z.output<T> | undefined {
  const words = { error: plainWords };
  let result = schema.safeParse(plain(tree), words);
  if (!result.success) {
    const fitted = retype(tree, result.error.issues);
    if (fitted !== tree) {
      tree = fitted;
      result = schema.safeParse(plain(tree), words);
    }
  }
  if (result.success) return result.data;
  for (const issue of result.error.issues) report(issue, [], tree, subject, problems);
  return undefined;
}

/**
 * Texts from the environment and the command line become the type that the schema asked for: nobody can write there
 * whether `5` is a number.
 */
function retype(tree: Tree, issues: readonly z.core.$ZodIssue[]): Tree {
  for (const issue of issues) {
    if (issue.code !== 'invalid_type') continue;
    const found = descend(tree, issue.path);
    if (found?.loose === undefined) continue;
    const content = convert(found.loose, issue.expected);
    if (content === undefined || content === found.content) continue;
    const changed = assign(tree, issue.path.map(String), scalar(found.place, content, found.loose), found.place);
    if (typeof changed !== 'string') tree = changed;
  }
  return tree;
}

function convert(loose: string, expected: string): string | number | boolean | undefined {
  if (expected === 'string') return loose;
  if (expected === 'boolean') return loose === 'true' ? true : loose === 'false' ? false : undefined;
  const isNumber = (expected === 'number' || expected === 'int') && /^-?\d+(\.\d+)?$/.test(loose);
  return isNumber ? Number(loose) : undefined;
}

function report(issue: z.core.$ZodIssue, parent: Path, tree: Tree, subject: string, problems: ProblemList): void {
  const path = [...parent, ...issue.path];
  const add = (place: Place, message: string, kind?: ErrorKind) => problems.add(place, message, kind);
  if (issue.code === 'unrecognized_keys') {
    const known = issue.message === '' ? [] : issue.message.split(' ');
    const where = path.length === 0 ? subject : showPath(path);
    for (const key of issue.keys) {
      const otherwise = known.length === 0 ? '; remove it' : `; it may have: ${known.join(', ')}`;
      add(
        locate(tree, [...path, key], 'key'),
        `unknown key ${quote(key)} in ${where}${didYouMean(key, known, otherwise)}`,
      );
    }
    return;
  }
  if (issue.code === 'invalid_union' && issue.message === '') {
    for (const inner of branch(issue.errors)) report(inner, path, tree, subject, problems);
    return;
  }
  const params = issue.code === 'custom' ? ((issue.params ?? {}) as IssueParams) : {};
  const found = descend(tree, path);
  if (found?.faulty) return;
  if (issue.code === 'custom') {
    // A short form (`- app:cart` for `- process: app:cart`) has no such key; name what is written.
    const shown = showPath(found === undefined ? path.slice(0, -1) : path);
    const text = params.whole || shown === '' ? issue.message : `${shown}: ${issue.message}`;
    const inside = params.offset === undefined ? undefined : found?.inside?.(params.offset);
    add(inside ?? locate(tree, path, params.at), text, params.kind);
  } else if (found === undefined) {
    const key = String(path.at(-1));
    const where = path.length === 1 ? subject : showPath(path.slice(0, -1));
    const example = EXAMPLES[key];
    const hint = example === undefined ? '' : `; add for example "${example}"`;
    add(locate(tree, path), `${where} needs the key "${key}"${hint}`);
  } else if (found.content === null) {
    add(locate(tree, path), `${showPath(path) || subject} is empty; give it a value or remove the line`);
  } else if (issue.code === 'invalid_key') {
    add(locate(tree, path, 'key'), `${showPath(path)}: ${issue.issues[0].message}`);
  } else {
    add(locate(tree, path), `${showPath(path) || subject}: ${issue.message}`);
  }
}

/** Of the forms a value may have, the one that was most likely meant: not refused as a whole, else the first. */
function branch(forms: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] {
  return (
    forms.find(issues => !issues.some(issue => issue.path.length === 0 && issue.code === 'invalid_type')) ?? forms[0]
  );
}

/** What to write where a key is missing. */
const EXAMPLES: { readonly [key: string]: string } = {
  source: 'source: file://main.lua',
  process: 'process: app:main',
  policy: "policy: {actions: [process.send], resources: ['*'], effect: allow}",
  actions: 'actions: [process.send]',
  resources: "resources: ['*']",
  effect: 'effect: allow',
  expression: "expression: actor.id == 'admin'",
  children: 'children: [app:worker]',
  field: 'field: actor.id',
  operator: 'operator: eq',
  directory: 'directory: ./data',
  variable: 'variable: HOME',
  type: 'type: lazy',
  id: 'id: admin',
  name: 'name: run',
};
