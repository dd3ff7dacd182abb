import { compileOnThread } from '../../machines/wasm/sources/compiler_thread.ts';

const FILE = 'main.ts';

/** Compile one file without the SDK. Throws what the compiler says. */
export async function compileAssemblyScript(source: string, options: readonly string[]): Promise<Uint8Array> {
  const order = { file: FILE, root: '.', options: ['--use', 'abort=', ...options] };
  const { output, failure, diagnostics } = await compileOnThread(order, async name => (name === FILE ? source : null));
  if (output !== undefined && failure === undefined) return output;
  throw new Error([failure, ...diagnostics.map(({ message }) => message)].join('\n'));
}
