/** Compiles what is written in AssemblyScript (`../slots/assembly`, `../objects/assembly`) to modules that can be linked into Lua's. */
import { TroupeError } from '../../../../runtime/errors.ts';

const SLOTS = 'machines/lua/vm/slots/assembly/index.ts';
const OBJECTS = 'machines/lua/vm/objects/assembly/index.ts';
const OUTPUT = 'assembly.wasm';

/** Functions only: no memory, no data, no runtime of its own. */
const OPTIONS = [
  ...['--runtime', 'stub', '--noExportMemory', '--importMemory'],
  ...['-O3', '--noAssert', '--enable', 'bulk-memory', '--noColors'],
];

/** `root` is the package's folder. Throws INTERNAL with the compiler's messages, or where there is no compiler. */
export function compileSlotAssembly(root: string): Promise<Uint8Array> {
  return compile(root, SLOTS);
}

export function compileObjectAssembly(root: string): Promise<Uint8Array> {
  return compile(root, OBJECTS);
}

async function compile(root: string, entry: string): Promise<Uint8Array> {
  const { default: asc } = await import('assemblyscript/asc');
  const messages: string[] = [];
  let output: Uint8Array | undefined;
  const collect = {
    write: (text: string | Uint8Array) => {
      messages.push(String(text).trim());
      return true;
    },
  };
  const { error } = await asc.main([entry, '--baseDir', root, '--outFile', OUTPUT, ...OPTIONS], {
    stdout: collect,
    stderr: collect,
    writeFile: (name, content) => {
      if (name === OUTPUT) output = typeof content === 'string' ? Buffer.from(content) : new Uint8Array(content);
    },
  });
  if (error === null && output !== undefined) return output;
  throw new TroupeError(`${entry} does not compile: ${[error?.message, ...messages].filter(Boolean).join('; ')}`, {
    kind: 'INTERNAL',
    retryable: false,
    place: entry,
  });
}
