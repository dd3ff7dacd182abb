/**
 * Joins the modules of the runtime, the languages and the SDK to a few files in `dist/bundle`, which is what the command
 * and the package's exports are: seven hundred modules cost each thread half a second of CPU before it does anything.
 * Nothing else changes: URLs lead where they lead in `dist`, and source maps say what came from where
 * (`runtime/workers/bundled.ts`).
 *
 *     node dist/sdk/embed/bundle.js
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const DIST = fileURLToPath(new URL('../../', import.meta.url));
const OUTPUT = join(DIST, 'bundle');

/** What is started or imported by its name, and how it is called there. Threads find theirs by its URL. */
const ENTRY_POINTS = new Map([
  ['sdk/embed/main.js', 'troupe'],
  ['sdk/embed/index.js', 'embed'],
  ['sdk/typescript/index.js', 'sdk'],
  ['sdk/typescript/xstate.js', 'sdk_xstate'],
  ['machines/index.js', 'machines'],
  ['runtime/workers/worker_main.js', 'worker_main'],
  ['machines/wasm/sources/compiler_main.js', 'compiler_main'],
]);

/** Packages of many modules, with a license to pass on. The others are left to Node: programs share them, or they are a file or two anyway. */
const JOINED = ['zod', '@marcbachmann/cel-js'];

const OWN_URL = /new URL\('(\.[^']*)', import\.meta\.url\)|import\.meta\.url/g;
const SOURCE_MAP = /\/\/# sourceMappingURL=[^\n]*\n?$/;
const LICENSE = /^licen[cs]e(\.|$)/i;

/** The text of a module of `dist`, with its URLs as they are seen from the folder of the bundle. */
async function textOf(file: string): Promise<string> {
  const path = relative(DIST, file).split(sep).join('/');
  const text = (await readFile(file, 'utf8')).replace(SOURCE_MAP, '');
  return text.replace(OWN_URL, (_, target?: string) => {
    const meant = target === undefined ? path : new URL(target, `dist:/${path}`).pathname.slice(1);
    const name = target === undefined ? undefined : ENTRY_POINTS.get(meant);
    const url = `new URL('${name === undefined ? `../${meant}` : `./${name}.js`}', import.meta.url)`;
    return target === undefined ? `${url}.href` : url;
  });
}

const modules: Plugin = {
  name: 'modules of dist',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || JOINED.some(name => path === name || path.startsWith(`${name}/`))
        ? undefined
        : { path, external: true },
    );
    onLoad({ filter: /\.js$/ }, async ({ path }) =>
      relative(DIST, path).startsWith('..') ? undefined : { contents: await textOf(path) },
    );
  },
};

/** The licenses of the packages whose code is in the bundle: they ask for it. */
async function licensesOf(inputs: readonly string[]): Promise<string> {
  const folders = new Set<string>();
  for (const input of inputs) {
    const [, before, name] = /^(.*node_modules\/)((?:@[^/]+\/)?[^/]+)\//.exec(input.split(sep).join('/')) ?? [];
    if (name !== undefined) folders.add(before + name);
  }
  const texts = [...folders].sort().map(async folder => {
    const file = (await readdir(join(DIST, folder))).find(name => LICENSE.test(name));
    if (file === undefined) throw new Error(`${folder} has no file with its license: it cannot be joined`);
    const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
    return `${name}\n\n${await readFile(join(DIST, folder, file), 'utf8')}`;
  });
  return (await Promise.all(texts)).join('\n\n');
}

await rm(OUTPUT, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: DIST,
  entryPoints: [...ENTRY_POINTS].map(([path, out]) => ({ in: join(DIST, path), out })),
  outdir: OUTPUT,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  metafile: true,
  plugins: [modules],
  logLevel: 'warning',
});
await writeFile(join(OUTPUT, 'LICENSES'), await licensesOf(Object.keys(metafile.inputs)));
