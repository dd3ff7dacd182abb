/**
 * A debugger's hold on another thread of this program, for as long as something is wrong with it. An idle thread pays
 * nothing for it, because nothing is attached to it.
 *
 * The messages are those of Chrome's DevTools protocol, carried by Node's domain `NodeWorker`.
 */
import inspector from 'node:inspector';
import type { Frame } from './frames.ts';

/**
 * Node counts the callbacks that it is inside of, and ends the whole program where the count is wrong after a turn that
 * was cut off. Forgetting the count first is what Node itself does after an error that nobody caught; there is no other
 * way to it than this one. It answers `cleared`, or fails, and then nothing must be cut off.
 */
const FORGET_CALLBACKS = `(() => {
  const { noDeprecation } = process;
  process.noDeprecation = true;
  try {
    process.binding('async_wrap').clearAsyncIdStack();
    return 'cleared';
  } finally {
    process.noDeprecation = noDeprecation;
  }
})()`;

interface Reply {
  readonly result?: { readonly result?: { readonly value?: unknown } };
}

/** How the scripts of programs are named. */
const PROGRAM = 'troupe:';

interface ScriptParsed {
  readonly scriptId: string;
  readonly url: string;
  /** The text calls itself so. */
  readonly hasSourceURL?: boolean;
}

interface Paused {
  readonly callFrames: readonly {
    readonly functionName: string;
    readonly location: { readonly scriptId: string; readonly lineNumber: number; readonly columnNumber?: number };
  }[];
}

type Told =
  | { readonly method: 'Debugger.scriptParsed'; readonly params: ScriptParsed }
  | { readonly method: 'Debugger.paused'; readonly params: Paused }
  | ({ readonly id: number; readonly method?: undefined } & Reply);

/** Whether a person may be looking at this program with a debugger: what looks stuck may be a breakpoint. */
export function debuggerMayBeAttached(): boolean {
  return inspector.url() !== undefined;
}

export class Inspection {
  readonly #session = new inspector.Session();
  readonly #onPaused: (frames: Frame[]) => void;
  /** Script id -> URL. */
  readonly #scripts = new Map<string, string>();
  readonly #replies = new Map<number, (reply: Reply) => void>();
  /** Node's name for the connection with the thread; undefined until there is one. */
  #connection: string | undefined = undefined;
  #nextId = 1;
  #closing = false;

  /**
   * Attach to the thread `threadId` (of node:worker_threads), which must be one that this thread has started. Throws
   * where Node has no inspector. Where the thread is not found nothing ever pauses.
   */
  constructor(threadId: number, onPaused: (frames: Frame[]) => void) {
    this.#onPaused = onPaused;
    const others: string[] = [];
    this.#session.connect();
    this.#session.on('NodeWorker.attachedToWorker', ({ params }) => {
      if (params.workerInfo.title.startsWith(`[worker ${threadId}]`)) this.#connection = params.sessionId;
      else others.push(params.sessionId);
    });
    this.#session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      if (params.sessionId === this.#connection) this.#take(JSON.parse(params.message) as Told);
    });
    this.#session.on('NodeWorker.detachedFromWorker', ({ params }) => {
      if (params.sessionId !== this.#connection) return;
      // The thread has ended.
      this.#connection = undefined;
      this.#closing = true;
      this.#session.disconnect();
    });
    // There is no way to attach to one thread alone.
    this.#session.post('NodeWorker.enable', { waitForDebuggerOnStart: false }, () => {
      for (const sessionId of others) this.#session.post('NodeWorker.detach', { sessionId });
      this.#tell('Debugger.enable');
    });
  }

  /** Stop the thread at the next instruction of JavaScript; `onPaused` is told the frames. */
  pause(): void {
    this.#tell('Debugger.pause');
  }

  /** Go on until the innermost function returns, and pause there. */
  stepOut(): void {
    this.#tell('Debugger.stepOut');
  }

  resume(): void {
    this.#tell('Debugger.resume');
  }

  /** Make ready for `abort`; answers whether it may be called. */
  prepareAbort(ready: (may: boolean) => void): void {
    const silently = { expression: FORGET_CALLBACKS, silent: true, returnByValue: true };
    this.#tell('Runtime.evaluate', silently, ({ result }) => {
      if (!this.#closing) ready(result?.result?.value === 'cleared');
    });
  }

  /** End the present turn of the paused thread's event loop, let it go on with the next, and close. */
  abort(): void {
    this.#tell('Runtime.terminateExecution');
    this.close();
  }

  /**
   * Let go of the thread; it goes on if it was paused. `closed` is called once it does, and never where it cannot be
   * reached. Only the first call counts.
   */
  close(closed?: () => void): void {
    if (this.#closing) return;
    this.#tell('Debugger.resume');
    // Detached while it is paused, or about to be, a thread would stay so for ever: it must have let go itself.
    this.#tell('Debugger.disable', {}, () => {
      this.#session.disconnect();
      closed?.();
    });
    this.#closing = true;
    if (this.#connection === undefined) this.#session.disconnect();
  }

  #tell(method: string, params: object = {}, replied?: (reply: Reply) => void): void {
    if (this.#closing || this.#connection === undefined) return;
    const id = this.#nextId++;
    if (replied !== undefined) this.#replies.set(id, replied);
    this.#session.post('NodeWorker.sendMessageToWorker', {
      sessionId: this.#connection,
      message: JSON.stringify({ id, method, params }),
    });
  }

  #take(told: Told): void {
    if (told.method === 'Debugger.scriptParsed') {
      const { scriptId, url, hasSourceURL } = told.params;
      // Text that a program evaluates could call itself a file of the runtime; as a program it is what it is.
      if (hasSourceURL !== true || url.startsWith(PROGRAM)) this.#scripts.set(scriptId, url);
    } else if (told.method === 'Debugger.paused') {
      if (!this.#closing) this.#onPaused(told.params.callFrames.map(frame => this.#frameOf(frame)));
    } else if (told.method === undefined) {
      const replied = this.#replies.get(told.id);
      this.#replies.delete(told.id);
      replied?.(told);
    }
  }

  #frameOf({ functionName, location }: Paused['callFrames'][number]): Frame {
    const { scriptId, lineNumber, columnNumber = 0 } = location;
    return {
      name: functionName,
      url: this.#scripts.get(scriptId) ?? '',
      line: lineNumber + 1,
      column: columnNumber + 1,
    };
  }
}
