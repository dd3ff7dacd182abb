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
import { buildOnce, KindSchemas } from './build_entry.ts';
import { findCycles } from './cycle.ts';
import type { Declaration } from './declaration.ts';
import type { Entry } from './entry.ts';
import { type DeploymentFolder, type FolderOptions, readFolder } from './folder.ts';
import { layOver, NOTHING_SET, type Overlay } from './overlay.ts';
import { DeploymentError, ProblemList } from './problem.ts';
import { Scope } from './scope.ts';
import type { RuntimeSettings } from './settings.ts';
import type { SourceReader } from './source.ts';
import { descend, locate, textOf } from './tree.ts';

export interface LoadOptions extends FolderOptions {
  /** What was set at run time, over what the folder says. */
  readonly overlay?: Overlay;
}

export interface Deployment {
  /** The folder: absolute, without links. */
  readonly root: string;
  /** By id, in the order of files and lines; what was added at run time comes last. */
  readonly entries: ReadonlyMap<string, Entry>;
  readonly settings: RuntimeSettings;
  /** What it was made from. Absent: it was read from no folder, and cannot be changed while it runs. */
  readonly folder?: DeploymentFolder;
  /** What of it was set at run time. Absent: nothing. */
  readonly overlay?: Overlay;
}

/** Rejects with a DeploymentError that has every problem, sorted by place. */
export async function loadDeployment(root: string, options: LoadOptions = {}): Promise<Deployment> {
  return deploymentOf(readFolder(root, options), options.overlay);
}

/** What reading an overlay has found out. */
export interface OverlayFindings {
  readonly problems: ProblemList;
  /** Whether every entry of it is known. */
  readonly complete: boolean;
  /** Ids that it does not set any more. */
  readonly dropped: ReadonlySet<string>;
}

const FOUND_NOTHING: OverlayFindings = { problems: new ProblemList(), complete: true, dropped: new Set() };

/**
 * A deployment of a folder that was read, files of programs included, which are not read again. Throws a DeploymentError that
 * has every problem, those of the folder and of `found` included.
 */
export function deploymentOf(
  folder: DeploymentFolder,
  overlay: Overlay = NOTHING_SET,
  found: OverlayFindings = FOUND_NOTHING,
): Deployment {
  const { root, settings } = folder;
  const problems = new ProblemList();
  problems.addAll(folder.problems.found);
  problems.addAll(found.problems.found);
  const { declarations, removed, readers } = layOver(folder.declarations, overlay);

  const scope = new Scope(
    declarations,
    folder.complete && found.complete,
    folder.options,
    new Set([...removed, ...found.dropped]),
  );
  const schemas = new KindSchemas(scope);
  for (const double of folder.doubles) schemas.validate(double, problems);
  const entries = buildEntries(declarations, schemas, root, id => readers.get(id) ?? folder.sources, problems);
  findCycles(declarations, scope, problems);
  checkNames(declarations, problems);

  if (problems.found.length > 0 || settings === undefined) throw new DeploymentError(problems.sorted());
  return { root, entries, settings, folder, overlay };
}

function buildEntries(
  declarations: ReadonlyMap<string, Declaration>,
  schemas: KindSchemas,
  root: string,
  readerOf: (id: string) => SourceReader,
  problems: ProblemList,
): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const declaration of declarations.values()) {
    const valid = schemas.validate(declaration, problems);
    const entry = buildOnce(declaration, valid, root, readerOf(declaration.id), problems);
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
