/** One file out of an entry and all that it imports from its deployment, by esbuild; nothing of it is run. */
import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type BuildFailure, build, type Message } from 'esbuild';
import { TroupeError } from '../../runtime/errors.ts';
import type { PrepareTools } from '../../runtime/machine.ts';
import { type Entry, type Source, showPlace } from '../../runtime/registry/entry.ts';
import { guardImports, type Provided, type TrustedImport } from './import_guard.ts';

export interface Bundle {
  /** An ES module. What it still imports is provided by the host. */
  readonly text: string;
  /** Source map, version 3. */
  readonly map: string;
  readonly trustedImports: readonly TrustedImport[];
}

/** Rejects with an AggregateError of TroupeErrors, each with its `file:line:column`. */
export async function bundle(entry: Entry, source: Source, tools: PrepareTools, provided: Provided): Promise<Bundle> {
  // esbuild names files by their real paths.
  const root = realpathSync(tools.root);
  const guard = guardImports(root, tools, provided);
  try {
    const result = await build({
      stdin: {
        contents: Buffer.from(source.bytes).toString('utf8'),
        // esbuild takes it relative to `resolveDir`, and names it relative to the root again.
        sourcefile: source.path === undefined ? source.name : basename(source.path),
        resolveDir: source.path === undefined ? root : dirname(source.path),
        loader: source.name.endsWith('.js') || source.name.endsWith('.mjs') ? 'js' : 'ts',
      },
      absWorkingDir: root,
      outfile: join(root, 'bundle.js'),
      write: false,
      bundle: true,
      format: 'esm',
      platform: tools.trusted ? 'node' : 'neutral',
      mainFields: ['module', 'main'],
      target: 'es2022',
      supported: { 'top-level-await': false },
      // The settings of whatever folder the deployment happens to lie in must not change what it means.
      tsconfigRaw: { compilerOptions: { target: 'es2022', useDefineForClassFields: true } },
      sourcemap: 'external',
      sourcesContent: false,
      legalComments: 'none',
      charset: 'utf8',
      logLevel: 'silent',
      plugins: [guard.plugin],
    });
    const fileOf = (ending: string): string => result.outputFiles.find(file => file.path.endsWith(ending))!.text;
    return { text: fileOf('.js'), map: fileOf('.map'), trustedImports: guard.trustedImports };
  } catch (thrown) {
    if (!isBuildFailure(thrown)) throw thrown;
    throw new AggregateError(thrown.errors.map(message => asError(message, source, entry)));
  }
}

function isBuildFailure(thrown: unknown): thrown is BuildFailure {
  return thrown instanceof Error && Array.isArray((thrown as Partial<BuildFailure>).errors);
}

function asError(message: Message, source: Source, entry: Entry): TroupeError {
  const { location } = message;
  const place =
    location === null
      ? showPlace(source.place)
      : showPlace({ file: location.file, line: location.line, column: location.column + 1 });
  return new TroupeError(`${place}: ${inPlainWords(message.text)}`, {
    kind: 'INVALID',
    retryable: false,
    place,
    details: { entry: entry.id },
  });
}

function inPlainWords(text: string): string {
  if (text.startsWith('Top-level await')) {
    return 'await outside of a function is not available: a module says what its process does, it does nothing itself; wait in the body';
  }
  return text;
}
