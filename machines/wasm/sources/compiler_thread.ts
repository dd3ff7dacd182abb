/**
 * The AssemblyScript compiler on a thread of its own. It adds to built-in objects, which a thread that contains TypeScript
 * must not have, and it computes for seconds, in which the thread that waits for it does something else.
 */
import { Worker } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';

export interface Order {
  /** As the compiler names it: relative to `root`. */
  readonly file: string;
  readonly root: string;
  readonly options: readonly string[];
}

export interface Diagnostic {
  readonly code: number;
  readonly message: string;
  readonly isError: boolean;
  /** Where it is; undefined: nowhere. `start`: an offset in the text. */
  readonly at: { readonly file: string; readonly start: number } | undefined;
}

export interface Compiled {
  readonly output: Uint8Array | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** What the compiler itself said, where it failed. */
  readonly failure: string | undefined;
}

export type FromThread = { readonly read: string } | { readonly compiled: Compiled };
export type ToThread = { readonly order: Order } | { readonly read: string; readonly text: string | null };

const MAIN = fileURLToPath(new URL('./compiler_main.js', import.meta.url));

let thread: Worker | undefined;

/**
 * Compile; one at a time. `read` gives the text of a file, null where there is none. The thread stays for the next one and
 * does not keep Node alive; `keepsAlive`: whether it does until it has compiled this. Rejects where it died.
 */
export function compileOnThread(
  order: Order,
  read: (name: string) => Promise<string | null>,
  keepsAlive = true,
): Promise<Compiled> {
  const worker = (thread ??= new Worker(MAIN));
  if (keepsAlive) worker.ref();
  else worker.unref();
  return new Promise<Compiled>((resolve, reject) => {
    const settle = (): void => {
      worker.off('message', onMessage).off('error', onEnd).off('exit', onEnd);
      worker.unref();
    };
    const onEnd = (cause: unknown): void => {
      thread = undefined;
      settle();
      reject(cause instanceof Error ? cause : new Error(`its thread ended with code ${String(cause)}`));
    };
    const onMessage = (told: FromThread): void => {
      if ('read' in told) {
        const name = told.read;
        const answer = (text: string | null): void => worker.postMessage({ read: name, text } satisfies ToThread);
        read(name).then(answer, () => answer(null));
        return;
      }
      settle();
      resolve(told.compiled);
    };
    worker.on('message', onMessage).on('error', onEnd).on('exit', onEnd);
    worker.postMessage({ order } satisfies ToThread);
  });
}
