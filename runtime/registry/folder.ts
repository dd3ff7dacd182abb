/**
 * What a folder of YAML declares, read once. Deployments are made of it, also later: what was set at run time is laid over
 * what the folder said when it was read, whatever its files say since.
 */
import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { lookAt } from '../look_at.ts';
import { type Declaration, declare, isDeploymentFile } from './declaration.ts';
import { showPlace } from './entry.ts';
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
import type { ScopeOptions } from './scope.ts';
import { emptySettings, type RuntimeSettings, readSettings, SETTINGS_FILE } from './settings.ts';
import { SourceReader } from './source.ts';
import { locate, type Tree } from './tree.ts';

export interface FolderOptions extends ScopeOptions {
  /** For `${env:NAME}`; the environment of this process unless given. */
  readonly env?: Environment;
  /** `-o namespace:name:path=value`. */
  readonly overrides?: readonly Override[];
  /** `--set key=value`. */
  readonly settings?: readonly Setting[];
}

export interface DeploymentFolder extends Declared {
  /** Absolute, without links. */
  readonly root: string;
  /** Undefined where they are wrong; reported already. */
  readonly settings: RuntimeSettings | undefined;
  /** What is wrong so far: nothing below the ids and kinds of entries was looked at. */
  readonly problems: ProblemList;
  /** How it was read, to read it again. */
  readonly options: FolderOptions;
  readonly sources: SourceReader;
}

/** Throws a DeploymentError where there is no such folder; all else that is wrong is in `problems`. */
export function readFolder(root: string, options: FolderOptions): DeploymentFolder {
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
  const sources = new SourceReader(folder);
  return { root: folder, declarations, doubles, complete, settings, problems, options, sources };
}

function findRoot(root: string): string {
  const found = lookAt(root);
  if (found?.isDirectory()) return realpathSync.native(root);
  const message =
    found === undefined
      ? 'there is no such folder; check the path'
      : 'this is a file; name the folder of the deployment';
  throw new DeploymentError([{ place: { file: root, line: 1, column: 1 }, message, kind: 'NOT_FOUND' }]);
}

function readSettingsTree(root: string, environment: Environment, options: FolderOptions, problems: ProblemList): Tree {
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
  readonly declarations: ReadonlyMap<string, Declaration>;
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
