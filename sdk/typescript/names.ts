/** Names of processes (semantics section 5): all of a process's names are released when it ends. */
import { raise } from './guest_error.ts';
import type { Pid } from './messages.ts';
import type { Process } from './process.ts';

export class Names {
  readonly #process: Process;

  constructor(process: Process) {
    this.#process = process;
  }

  /** Give a name to `pid` (default: this process). Throws ALREADY_EXISTS where another process has it. */
  register(name: string, pid?: string): true {
    const error = this.#process.out.register(name, pid);
    return error === undefined ? true : raise(error);
  }

  /** The process that holds a name; undefined where none does. */
  lookup(name: string): Pid | undefined {
    const holder = this.#process.out.lookup(name);
    if (typeof holder === 'string') return holder as Pid;
    return holder.kind === 'NOT_FOUND' ? undefined : raise(holder);
  }

  /** Whether the name was held. */
  unregister(name: string): boolean {
    const held = this.#process.out.unregister(name);
    return typeof held === 'boolean' ? held : raise(held);
  }
}
