/** The compiler over the TypeScript of a document, with the SDK of this build. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Files, writeDeployment } from '../deploy.ts';

/** What `tsc --strict` says about the files; empty where all is well. */
export function typeErrors(files: Files): Promise<string> {
  const sdk = (name: string) => fileURLToPath(new URL(`../../sdk/typescript/${name}.d.ts`, import.meta.url));
  const { resolve } = createRequire(import.meta.url);
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2023'],
    module: 'nodenext',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    paths: {
      'troupe/sdk': [sdk('index')],
      'troupe/sdk/xstate': [sdk('xstate')],
      xstate: [resolve('xstate/package.json').replace('package.json', 'dist/xstate.cjs.d.ts')],
    },
  };
  const include = Object.keys(files).filter(name => name.endsWith('.ts') && !name.endsWith('.as.ts'));
  const root = writeDeployment({
    ...files,
    'package.json': '{"type": "module"}',
    'tsconfig.json': JSON.stringify({ compilerOptions, include }),
  });
  const tsc = resolve('typescript/package.json').replace('package.json', 'bin/tsc');
  return new Promise(done => {
    const child = spawn(process.execPath, [tsc, '-p', root], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const output of [child.stdout, child.stderr]) {
      output.on('data', data => {
        said += data;
      });
    }
    child.on('close', code => done(code === 0 ? '' : said || `tsc ended with ${code}`));
  });
}
