/**
 * Something else that does the same work, in a process of its own that stays up for all rounds: it takes
 * "workload count" from standard input, a line each, and answers "ok value done" or "error reason". `value` is nanoseconds
 * an operation, or what the workload itself measures; `done` how many operations had the right result.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';

/** What is compared with one of our measurements. */
export interface RivalWorkload {
  /** Name of the workload at the rival's side. */
  readonly workload: string;
  /** Operations a round, where not as many as ours. */
  readonly count?: number;
  /** How many times better ours is to be; undefined: shown for comparison. */
  readonly ratio?: number;
}

/** One measurement against one rival; plain data. */
export interface Contest extends RivalWorkload {
  readonly command: RivalCommand;
}

export interface RivalCommand {
  /** Shown in tables, and the key in JSON. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** Milliseconds that one round may take. */
const ROUND_TIMEOUT = 300_000;

export class Rival {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  #waiting: ((line: string) => void) | undefined;

  constructor({ name, command, args }: RivalCommand) {
    this.name = name;
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.on('error', error => this.#hear(`error ${error.message}`));
    // What is written to a process that has ended is lost; that it has ended is heard here.
    this.#child.stdin!.on('error', () => undefined);
    this.#child.on('exit', code => this.#hear(`error ended with code ${code}`));
    this.#lines = createInterface({ input: this.#child.stdout! });
    this.#lines.on('line', line => {
      // Libraries may print lines of their own.
      if (/^(ok|error) /.test(line)) this.#hear(line);
    });
  }

  /** One round; rejects where not all of it was done. */
  async run(workload: string, count: number): Promise<number> {
    const answer = await this.#ask(`${workload} ${count}`);
    const [word, value, done] = answer.split(' ');
    if (word !== 'ok') throw new Error(`${this.name}, ${workload}: ${answer}`);
    if (Number(done) !== count) throw new Error(`${this.name}, ${workload}: did ${done} of ${count} operations`);
    if (!(Number(value) > 0)) throw new Error(`${this.name}, ${workload}: measured ${value}`);
    return Number(value);
  }

  stop(): void {
    this.#lines.close();
    this.#child.removeAllListeners('exit');
    this.#child.stdin!.end();
    this.#child.kill();
  }

  #ask(question: string): Promise<string> {
    return new Promise(resolve => {
      const timer = setTimeout(() => this.#hear(`error no answer for ${ROUND_TIMEOUT / 1000} s`), ROUND_TIMEOUT);
      this.#waiting = answer => {
        clearTimeout(timer);
        resolve(answer);
      };
      if (this.#child.exitCode !== null) this.#hear(`error ended with code ${this.#child.exitCode}`);
      else this.#child.stdin!.write(`${question}\n`);
    });
  }

  #hear(line: string): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(line);
  }
}
