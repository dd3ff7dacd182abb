import asc from 'assemblyscript/asc';

/** Compile one file without the SDK. Throws what the compiler says. */
export async function compileAssemblyScript(source: string, options: readonly string[]): Promise<Uint8Array> {
  let bytes: Uint8Array | undefined;
  const messages: string[] = [];
  const { error } = await asc.main(['main.ts', '--outFile', 'main.wasm', '--use', 'abort=', ...options], {
    stdout: asc.createMemoryStream(),
    stderr: asc.createMemoryStream(chunk => messages.push(String(chunk))),
    readFile: name => (name === 'main.ts' ? source : null),
    writeFile: (name, content) => {
      if (name === 'main.wasm') bytes = content as unknown as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error !== null || bytes === undefined) throw new Error(`${error?.message}\n${messages.join('')}`);
  return bytes;
}
