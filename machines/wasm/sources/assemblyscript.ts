import { readFile, realpath } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { dirname, isAbsolute, join, posix, relative, resolve, sep } from 'node:path';
import { existsSync, realpathSync } from 'node:fs';
import { TroupeError } from '../../../runtime/errors.ts';
import type { BuildTools, Entry, PrepareTools } from '../../../runtime/machine.ts';
import { cacheFolder, readCached, sha256, writeCached } from './cache.ts';
import { type Compiled, compileOnThread, type Diagnostic } from './compiler_thread.ts';
import { asMissing } from './optional_package.ts';

/** What a program is optimized for: for size as the compiler's own `-Osize`, and without names; `nothing`: to be there soonest. */
export type Optimize = BuildTools['optimize'] | 'nothing';
const LEVELS: { readonly [optimize in Optimize]: readonly string[] } = {
  // Four fifths of the time, for a small program with the SDK, go into optimizing.
  nothing: ['--optimizeLevel', '0', '--shrinkLevel', '0', '--debug'],
  // Names are for stack traces.
  speed: ['--optimizeLevel', '3', '--shrinkLevel', '0', '--debug'],
  size: ['--optimizeLevel', '0', '--shrinkLevel', '2', '--converge'],
};
/** The runtime for the host's allocations, top-level code as an export. */
const OPTIONS = [...['--runtime', 'incremental', '--exportRuntime', '--exportStart', '_initialize'], '--noColors'];
/** Code of AssemblyScript's diagnostic, and what it puts before the names of packages. */
const FILE_NOT_FOUND = 6054;
const LIBRARY = '~lib/';
/** What `import ... from "troupe"` leads to; as an installed package it is `troupe/sdk/assemblyscript`. */
const SDK_IMPORT = /(?:^|\/)node_modules\/troupe\/(?:sdk\/assemblyscript\/)?(.+)$/;
const SDK_FOLDER = findSdk();

/** sha256 of what the compiler read, by name; null where it looked for a file and there was none. */
type Dependencies = { readonly [name: string]: string | null };

interface UnderWay {
  readonly sources: Sources;
  readonly output: Promise<Uint8Array>;
}

/** Compilations that have not ended, by deployment and program. */
const underWay = new Map<string, UnderWay>();

/** The compiler keeps state of its own: one compilation at a time. */
let turn: Promise<unknown> = Promise.resolve();
/** Whether it has compiled something, or is about to. */
let isWarm = false;

/**
 * Compile an AssemblyScript entry; what it imports must lie in the deployment, or be the SDK (`"troupe"`). Kept on disk by
 * the content of everything that went into it. Throws INVALID, an AggregateError of several, with file, line and column.
 */
export async function compileAssemblyscript(
  entry: Entry,
  tools: Pick<PrepareTools, 'root' | 'read'>,
  optimize: Optimize = 'speed',
): Promise<Uint8Array> {
  // Nothing is awaited before the compilation is noted, so that entries that are prepared together find it.
  const sources = new Sources(entry, realpathSync(tools.root), installedVersion(entry));
  // Several entries are often methods of one program.
  const program = `${sources.root} ${sources.keyOf(optimize)}`;
  let compilation = underWay.get(program);
  if (compilation === undefined) {
    const output = keptOrCompiled(sources, optimize, cacheFolder(tools.root));
    compilation = { sources, output };
    underWay.set(program, compilation);
    const done = (): boolean => underWay.delete(program);
    output.then(done, done);
  }
  try {
    return await compilation.output;
  } finally {
    compilation.sources.tell(tools);
  }
}

/** Of the compiler, without loading it: that takes longer than compiling. */
function installedVersion(entry: Entry): string {
  try {
    return (createRequire(import.meta.url)('assemblyscript/package.json') as { version: string }).version;
  } catch (thrown) {
    throw asMissing('assemblyscript', entry, thrown);
  }
}

function optionsOf(optimize: Optimize): readonly string[] {
  return [...LEVELS[optimize], ...OPTIONS];
}

async function keptOrCompiled(sources: Sources, optimize: Optimize, folder: string | undefined): Promise<Uint8Array> {
  // What is optimized, and known already, is there even sooner.
  for (const level of optimize === 'nothing' ? (['speed', 'nothing'] as const) : [optimize]) {
    const kept = readCached(folder, sources.keyOf(level));
    if (kept === undefined || !(await sources.areStill(kept.note as Dependencies))) continue;
    if (optimize === 'nothing') warmUp(sources);
    return kept.output;
  }
  isWarm = true;
  const compiled = turn.then(() => compile(sources, optionsOf(optimize), true));
  turn = compiled.catch(() => undefined);
  const output = await compiled;
  writeCached(folder, sources.keyOf(optimize), sources.dependencies, output);
  return output;
}

/**
 * Who is in a hurry will soon want a program that is not known yet, and the first compilation takes seconds more than those
 * after it: this one is compiled although it is known, while nobody waits.
 */
function warmUp(sources: Sources): void {
  if (isWarm) return;
  isWarm = true;
  turn = turn.then(() => compile(sources, optionsOf('nothing'), false)).catch(() => undefined);
}

async function compile(sources: Sources, options: readonly string[], keepsAlive: boolean): Promise<Uint8Array> {
  const order = { file: sources.entryFile, root: sources.root, options };
  const { output, diagnostics, failure } = await compileOnThread(order, name => sources.read(name), keepsAlive).catch(
    (cause: Error): Compiled => ({ output: undefined, diagnostics: [], failure: cause.message }),
  );
  const problems = diagnostics.filter(({ isError }) => isError).map(diagnostic => sources.problem(diagnostic));
  if (problems.length === 1) throw problems[0];
  if (problems.length > 1) throw new AggregateError(problems, problems.map(one => one.message).join('\n'));
  if (failure !== undefined || output === undefined) {
    throw new TroupeError(`${sources.entryFile}: AssemblyScript: ${failure ?? 'there was no output'}`, {
      kind: 'INVALID',
      place: sources.entryFile,
    });
  }
  return output;
}

/** The message, with what to do where an import is not found because it may not be. */
function plainMessage({ code, message }: Diagnostic): string {
  const name = code === FILE_NOT_FOUND ? /^File '(.+)' not found/.exec(message)?.[1] : undefined;
  if (name?.startsWith(LIBRARY)) {
    const wanted = name.slice(LIBRARY.length).replace(/\.ts$/, '');
    return `there is no module "${wanted}" here: a program can import "troupe" and files of the deployment ("./...")`;
  }
  if (name?.startsWith('../')) return `${name} is outside of the deployment; move it into its folder`;
  return message;
}

/** The files of one compilation, named as the compiler names them: relative to the deployment's root. */
class Sources {
  readonly root: string;
  readonly entryFile: string;
  readonly #entry: Entry;
  readonly #compiler: string;
  readonly #texts = new Map<string, string | null>();

  /** `compiler`: its version. */
  constructor(entry: Entry, root: string, compiler: string) {
    this.#entry = entry;
    this.#compiler = compiler;
    this.root = root;
    const { path } = entry.source!;
    this.entryFile = path === undefined ? inlineName(entry) : relative(root, path).split(sep).join('/');
  }

  /** Of what is made of them, as far as that is known before they are read. */
  keyOf(optimize: Optimize): string {
    const parts = [this.#compiler, optionsOf(optimize), this.entryFile, this.#entry.source!.sha256];
    return `assemblyscript-${sha256(JSON.stringify(parts))}`;
  }

  get dependencies(): Dependencies {
    return Object.fromEntries([...this.#texts].map(([name, text]) => [name, text === null ? null : sha256(text)]));
  }

  /** What was read besides the entry's own source. */
  tell({ read }: Pick<PrepareTools, 'read'>): void {
    if (read === undefined) return;
    for (const [name, text] of this.#texts) {
      const path = this.#pathOf(name);
      if (path !== undefined) read(path, text ?? undefined);
    }
  }

  /** Whether all files are as they were. */
  async areStill(known: Dependencies): Promise<boolean> {
    for (const [name, content] of Object.entries(known)) {
      const text = await this.read(name);
      if ((text === null ? null : sha256(text)) !== content) return false;
    }
    return true;
  }

  /** The text of a file; null where there is none that may be read. */
  async read(name: string): Promise<string | null> {
    const known = this.#texts.get(name);
    if (known !== undefined) return known;
    const text = await this.#load(name);
    this.#texts.set(name, text);
    return text;
  }

  async #load(name: string): Promise<string | null> {
    if (name === this.entryFile) return new TextDecoder().decode(this.#entry.source!.bytes);
    const sdk = SDK_IMPORT.exec(name);
    const path = this.#pathOf(name);
    return path === undefined ? null : readInside(sdk === null ? this.root : SDK_FOLDER, path);
  }

  /** Where the compiler's name of a file leads; undefined for the entry's own source and for what is never read. */
  #pathOf(name: string): string | undefined {
    // Options come from here alone, so that the cache knows them.
    if (name === this.entryFile || posix.basename(name) === 'asconfig.json') return undefined;
    const sdk = SDK_IMPORT.exec(name);
    return sdk === null ? resolve(this.root, name) : resolve(SDK_FOLDER, sdk[1]);
  }

  problem(diagnostic: Diagnostic): TroupeError {
    const { at } = diagnostic;
    const file = at?.file ?? this.entryFile;
    const shown = file === this.entryFile ? this.#entry.source!.name : file;
    const place = at === undefined ? `${shown}:1:1` : `${shown}:${this.#lineAndColumn(file, at.start)}`;
    return new TroupeError(`${place}: ${plainMessage(diagnostic)}`, { kind: 'INVALID', retryable: false, place });
  }

  #lineAndColumn(file: string, offset: number): string {
    const before = (this.#texts.get(file) ?? '').slice(0, offset);
    return `${before.split('\n').length}:${offset - before.lastIndexOf('\n')}`;
  }
}

/** A file name for source text in YAML, in the folder of that file so that its relative imports work. */
function inlineName(entry: Entry): string {
  return posix.join(posix.dirname(entry.place.file), `${entry.id.replace(/[^\w.-]/g, '_')}.ts`);
}

async function readInside(folder: string, path: string): Promise<string | null> {
  try {
    const real = await realpath(path);
    const inside = relative(folder, real);
    if (inside.startsWith('..') || isAbsolute(inside)) return null;
    return await readFile(real, 'utf8');
  } catch {
    return null;
  }
}

/** `sdk/assemblyscript` of this package: sources, so they are not in the folder of the compiled files. */
function findSdk(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const found = join(folder, 'sdk', 'assemblyscript');
    if (existsSync(join(found, 'index.ts'))) return found;
    if (dirname(folder) === folder) return found;
  }
}
