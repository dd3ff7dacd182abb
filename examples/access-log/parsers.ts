/**
 * The parser processes and the chunks that they hold. A chunk belongs to exactly one parser at a time and is kept here
 * until that parser has answered with its figures. When a parser ends, another takes its place and its chunk; what the
 * dead one may still have sent is not taken. So every chunk is counted once, whatever happens to parsers.
 */
import { type Exit, type Pid, type Self, TroupeError } from 'troupe/sdk';
import type { Chunk, Counted, Task, Watching } from './protocol.ts';

/** So many parsers may die over one chunk; then the chunk is to blame. */
const MOST_ATTEMPTS = 3;

interface Held {
  readonly chunk: Chunk;
  /** Parsers that died over it. */
  deaths: number;
}

export class Parsers {
  readonly #self: Self<any>;
  readonly #watching: Watching;
  readonly #chaos: number;
  readonly #idle: Pid[] = [];
  readonly #busy = new Map<string, Held>();
  readonly #waiting: Held[] = [];
  /** Parsers that were started in place of dead ones. */
  restarts = 0;

  /** `chaos` > 0: every so many chunks the parser is made to crash. */
  constructor(self: Self<any>, count: number, watching: Watching, chaos: number) {
    this.#self = self;
    this.#watching = watching;
    this.#chaos = chaos;
    for (let i = 0; i < count; i++) this.#idle.push(this.#start());
  }

  give(chunk: Chunk): void {
    this.#waiting.push({ chunk, deaths: 0 });
    this.#hand();
  }

  /** Whether these figures are to be counted: their sender holds that chunk. */
  take(from: Pid, counted: Counted): boolean {
    if (this.#busy.get(from)?.chunk.number !== counted.number) return false;
    this.#busy.delete(from);
    this.#idle.push(from);
    this.#hand();
    return true;
  }

  /** A process has ended. Whether it was a parser; throws where a chunk kills whoever takes it. */
  ended(pid: Pid, exit: Exit): boolean {
    const held = this.#busy.get(pid);
    const idle = this.#idle.indexOf(pid);
    if (held === undefined && idle < 0) return false;
    if (idle >= 0) this.#idle.splice(idle, 1);
    if (held !== undefined) {
      this.#busy.delete(pid);
      held.deaths++;
      if (held.deaths === MOST_ATTEMPTS) throw poison(held.chunk, exit);
      this.#self.logger.warn('a parser crashed, another one takes its chunk', {
        chunk: held.chunk.number,
        error: exit.error,
      });
      // In front: the chunks after it wait to be put together in file order.
      this.#waiting.unshift(held);
    }
    this.restarts++;
    this.#idle.push(this.#start());
    this.#hand();
    return true;
  }

  /** Let all of them go, each when it is through with what it has; figures that still come are not taken. */
  stop(): void {
    for (const pid of [...this.#idle, ...this.#busy.keys()]) this.#self.send(pid, 'stop');
    this.#idle.length = 0;
    this.#waiting.length = 0;
    this.#busy.clear();
  }

  #hand(): void {
    while (this.#idle.length > 0 && this.#waiting.length > 0) {
      const pid = this.#idle.shift() as Pid;
      const held = this.#waiting.shift() as Held;
      const { number } = held.chunk;
      const crash = this.#chaos > 0 && held.deaths === 0 && number % this.#chaos === this.#chaos - 1;
      this.#busy.set(pid, held);
      // Where the parser is gone already its EXIT is on the way, and the chunk will be handed out again.
      this.#self.send(pid, 'chunk', { ...held.chunk, crash } satisfies Task);
    }
  }

  #start(): Pid {
    return this.#self.spawnLinkedMonitored('log:parser', 'log:work', this.#watching);
  }
}

function poison(chunk: Chunk, exit: Exit): TroupeError {
  return new TroupeError(
    `chunk ${chunk.number} of the log (${chunk.bytes.length} bytes) crashed ${MOST_ATTEMPTS} parsers: ${exit.error?.message ?? 'no error was given'}`,
    { kind: 'INTERNAL' },
  );
}
