/** What runs on the compiler's thread: see `compiler_thread.ts`. */
import { type MessagePort, parentPort } from 'node:worker_threads';
import type { Compiled, Diagnostic, FromThread, Order, ToThread } from './compiler_thread.ts';

const OUTPUT = 'output.wasm';
/** Category of AssemblyScript's diagnostics; the others are notes and warnings. */
const ERROR = 3;

/** Obey, and ask for what the compiler wants to read. */
function serve(port: MessagePort): void {
  /** Who waits for a file, by its name; the compiler wants several at once. */
  const waiting = new Map<string, ((text: string | null) => void)[]>();
  const read = (name: string): Promise<string | null> =>
    new Promise(resolve => {
      waiting.set(name, [...(waiting.get(name) ?? []), resolve]);
      port.postMessage({ read: name } satisfies FromThread);
    });
  port.on('message', (told: ToThread) => {
    if ('read' in told) {
      waiting.get(told.read)?.shift()?.(told.text);
      return;
    }
    void compile(told.order, read).then(compiled => port.postMessage({ compiled } satisfies FromThread));
  });
}

async function compile(
  { file, root, options }: Order,
  read: (name: string) => Promise<string | null>,
): Promise<Compiled> {
  const diagnostics: Diagnostic[] = [];
  let output: Uint8Array | undefined;
  const silent = { write: () => true };
  try {
    const { default: asc } = await import('assemblyscript/asc');
    const { error } = await asc.main([file, '--baseDir', root, '--outFile', OUTPUT, ...options], {
      stdout: silent,
      stderr: silent,
      readFile: read,
      writeFile: (name, content) => {
        if (name === OUTPUT) output = typeof content === 'string' ? Buffer.from(content) : new Uint8Array(content);
      },
      listFiles: () => null,
      reportDiagnostic: ({ code, message, category, range }) => {
        const at = range == null ? undefined : { file: range.source.normalizedPath, start: range.start };
        diagnostics.push({ code, message, isError: category === ERROR, at });
      },
    });
    return { output, diagnostics, failure: error?.message };
  } catch (thrown) {
    return { output: undefined, diagnostics, failure: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

if (parentPort !== null) serve(parentPort);
