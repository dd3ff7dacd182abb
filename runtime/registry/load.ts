/**
 * A folder of YAML -> validated entries (semantics section 9). Nothing is started, nothing is written, no program is
 * compiled.
 *
 *     const deployment = await loadDeployment('examples/hello');
 *     deployment.entries.get('app:main')!.source!.bytes
 *
 * Everything that is wrong is found in one go and thrown as one DeploymentError. Files are read synchronously: hundreds of
 * small reads cost far less that way than through the thread pool.
 */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildEntry, KindSchemas } from './build_entry.ts';
import { findCycles } from './cycle.ts';
import { type Declaration, declare, isDeploymentFile } from './declaration.ts';
import { type Entry, showPlace } from './entry.ts';
import type { Environment } from './environment.ts';
import {
  applyOverrides,
  applySettings,
  fromCommandLine,
  fromSettings,
  type Override,
  type Setting,
} from './override.ts';
import { comparePlaces, DeploymentError, ProblemList } from './problem.ts';
import { readYaml } from './read_yaml.ts';
import { readText, readYamlFiles } from './scan.ts';
import { Scope, type ScopeOptions } from './scope.ts';
import { emptySettings, type RuntimeSettings, readSettings, SETTINGS_FILE } from './settings.ts';
import { SourceReader } from './source.ts';
import { descend, locate, type Tree, textOf } from './tree.ts';

export interface LoadOptions extends ScopeOptions {
  /** For `${env:NAME}`; the environment of this process unless given. */
  readonly env?: Environment;
  /** `-o namespace:name:path=value`. */
  readonly overrides?: readonly Override[];
  /** `--set key=value`. */
  readonly settings?: readonly Setting[];
}

export interface Deployment {
  /** The folder: absolute, without links. */
  readonly root: string;
  /** By id, in the order of files and lines. */
  readonly entries: ReadonlyMap<string, Entry>;
  readonly settings: RuntimeSettings;
}

/** Rejects with a DeploymentError that has every problem, sorted by place. */
export async function loadDeployment(root: string, options: LoadOptions = {}): Promise<Deployment> {
  const problems = new ProblemList();
  const environment = options.env ?? process.env;
  const folder = findRoot(root);

  const settingsTree = readSettingsTree(folder, environment, options, problems);
  const settings = readSettings(settingsTree, problems);

  const { declarations: written, doubles, complete } = readDeclarations(folder, environment, problems);
  const overrides = [
    ...fromSettings(settingsTree),
    ...fromCommandLine('-o', options.overrides ?? [], environment, problems),
  ];
  const declarations = applyOverrides(written, overrides, complete, problems);

  const scope = new Scope(declarations, complete, options);
  const schemas = new KindSchemas(scope);
  for (const double of doubles) schemas.validate(double, problems);
  const entries = buildEntries(declarations, schemas, folder, problems);
  findCycles(declarations, scope, problems);
  checkNames(declarations, problems);

  if (problems.found.length > 0 || settings === undefined) throw new DeploymentError(problems.sorted());
  return { root: folder, entries, settings };
}

function findRoot(root: string): string {
  const found = statSync(root, { throwIfNoEntry: false });
  if (found?.isDirectory()) return realpathSync.native(root);
  const message =
    found === undefined
      ? 'there is no such folder; check the path'
      : 'this is a file; name the folder of the deployment';
  throw new DeploymentError([{ place: { file: root, line: 1, column: 1 }, message, kind: 'NOT_FOUND' }]);
}

function readSettingsTree(root: string, environment: Environment, options: LoadOptions, problems: ProblemList): Tree {
  let tree = emptySettings();
  if (existsSync(join(root, SETTINGS_FILE))) {
    const file = readText(root, SETTINGS_FILE, problems);
    if (file !== undefined) {
      const reading = readYaml(file.text, SETTINGS_FILE, environment);
      problems.addAll(reading.problems.found);
      if (reading.tree !== undefined && !reading.broken) tree = reading.tree;
    }
  }
  const changes = (options.settings ?? []).map(({ key, value }) => ({ path: key, value }));
  return applySettings(tree, fromCommandLine('--set', changes, environment, problems), problems);
}

interface Declared {
  /** By id. */
  readonly declarations: Map<string, Declaration>;
  /** Those whose id is taken; reported already. */
  readonly doubles: readonly Declaration[];
  /** Whether every entry of the folder is known; files that cannot be read may hold more. */
  readonly complete: boolean;
}

function readDeclarations(root: string, environment: Environment, problems: ProblemList): Declared {
  const before = problems.found.length;
  const files = readYamlFiles(root, problems);
  let complete = problems.found.length === before;
  const all: Declaration[] = [];
  let ours = 0;
  for (const { file, text } of files) {
    const reading = readYaml(text, file, environment);
    if (reading.tree === undefined && !reading.broken) {
      problems.add({ file, line: 1, column: 1 }, 'this file is empty; give it a namespace and entries, or remove it');
    } else if (reading.broken ? BROKEN_BUT_OURS.test(text) : isDeploymentFile(reading.tree)) {
      ours++;
      problems.addAll(reading.problems.found);
      const known = !reading.broken && declare(file, reading.tree!, all, problems);
      complete &&= known;
    }
  }
  if (ours === 0 && problems.found.length === before) {
    problems.add({ file: '.', line: 1, column: 1 }, NO_DEPLOYMENT, 'NOT_FOUND');
  }
  return { ...byId(all, problems), complete };
}

/** Of a text that is not valid YAML nothing is certain; YAML of other programs is left alone all the same. */
const BROKEN_BUT_OURS = /^["']?(namespace|entries)["']?\s*:/m;

const NO_DEPLOYMENT =
  'no deployment is in this folder: no *.yaml file has "namespace" and "entries"; the README shows one to begin with';

function byId(all: readonly Declaration[], problems: ProblemList): Omit<Declared, 'complete'> {
  const doubles: Declaration[] = [];
  const declarations = new Map<string, Declaration>();
  for (const declaration of [...all].sort((a, b) => comparePlaces(a.tree.place, b.tree.place))) {
    const first = declarations.get(declaration.id);
    if (first === undefined) declarations.set(declaration.id, declaration);
    else {
      const message = `${declaration.id} is declared twice, first at ${showPlace(locate(first.tree, ['name']))}; rename or remove one`;
      problems.add(locate(declaration.tree, ['name']), message, 'ALREADY_EXISTS');
      doubles.push(declaration);
    }
  }
  return { declarations, doubles };
}

function buildEntries(
  declarations: ReadonlyMap<string, Declaration>,
  schemas: KindSchemas,
  root: string,
  problems: ProblemList,
): Map<string, Entry> {
  const reader = new SourceReader(root, problems);
  const entries = new Map<string, Entry>();
  for (const declaration of declarations.values()) {
    const valid = schemas.validate(declaration, problems);
    const entry = buildEntry(declaration, valid, root, reader, problems);
    if (entry !== undefined) entries.set(entry.id, entry);
  }
  return entries;
}

/** `troupe run <name>` must mean one entry, and a registered name can lead to one process. */
function checkNames(declarations: ReadonlyMap<string, Declaration>, problems: ProblemList): void {
  const taken = (what: string) => (name: string, other: string) => `${other} has the ${what} "${name}" already`;
  checkUnique(declarations, ['meta', 'command', 'name'], taken('command'), problems);
  checkUnique(declarations, ['lifecycle', 'name'], taken('name'), problems);
}

function checkUnique(
  declarations: ReadonlyMap<string, Declaration>,
  path: readonly string[],
  taken: (name: string, other: string) => string,
  problems: ProblemList,
): void {
  const first = new Map<string, Declaration>();
  for (const declaration of declarations.values()) {
    const name = textOf(descend(declaration.tree, path));
    if (name === undefined) continue;
    const other = first.get(name);
    if (other === undefined) first.set(name, declaration);
    else {
      const message = `${path.join('.')}: ${taken(name, other.id)}; choose another name`;
      problems.add(locate(declaration.tree, path), message, 'ALREADY_EXISTS');
    }
  }
}
