/**
 * Services (semantics section 7): processes that the deployment itself starts and stops, in the order of what they
 * require. A service that ends is not yet brought back: restart policies are a room of their own.
 */
import { TroupeError } from '../errors.ts';
import type { Payload, ProcessEvent } from '../machine.ts';
import type { Entry } from '../registry/entry.ts';
import type { Runtime } from '../runtime.ts';

const DEFAULT_STOP_TIMEOUT = 10_000;

interface Lifecycle {
  readonly auto_start?: boolean;
  readonly stop_timeout?: number;
  readonly requires?: readonly string[];
  readonly name?: string;
}

interface Running {
  readonly entry: Entry;
  readonly pid: string;
  readonly exit: Promise<ProcessEvent>;
  ended: boolean;
}

export class Services {
  readonly #runtime: Runtime;
  readonly #running: Running[] = [];

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Start every service with `auto_start`, each after those that it requires. Rejects if one cannot be started. */
  async start(): Promise<void> {
    for (const entry of this.#startOrder()) {
      const { process, host, input } = entry.data as { process: string; host: string; input?: readonly Payload[] };
      const { name } = lifecycleOf(entry);
      try {
        const { pid, exit } = this.#runtime.watch({ id: process, host, args: input ?? [], name });
        const running: Running = { entry, pid, exit, ended: false };
        this.#running.push(running);
        void exit.then(() => {
          running.ended = true;
        });
      } catch (thrown) {
        const error = thrown as TroupeError;
        await this.#runtime.halt();
        throw new TroupeError(`service ${entry.id} cannot start: ${error.message}`, {
          kind: error.kind,
          retryable: error.retryable,
          details: error.details,
        });
      }
    }
  }

  /** CANCEL in reverse order, wait `stop_timeout` for each, then terminate. */
  async stop(reason: string): Promise<void> {
    for (const running of this.#running.reverse()) {
      if (running.ended) continue;
      this.#runtime.cancel(running.pid, reason === 'runtime stopping' ? 'service stopping' : reason);
      const timeout = lifecycleOf(running.entry).stop_timeout ?? DEFAULT_STOP_TIMEOUT;
      await Promise.race([running.exit, this.#runtime.wait(timeout)]);
      if (!running.ended) this.#runtime.terminate(running.pid);
    }
    this.#running.length = 0;
  }

  #startOrder(): Entry[] {
    const services = [...this.#runtime.deployment.entries.values()].filter(entry => entry.kind === 'process.service');
    const order: Entry[] = [];
    const visited = new Set<string>();
    // The registry has refused cycles, so a depth-first walk ends.
    const visit = (entry: Entry): void => {
      if (visited.has(entry.id)) return;
      visited.add(entry.id);
      for (const id of lifecycleOf(entry).requires ?? []) {
        const required = this.#runtime.deployment.entries.get(id);
        if (required?.kind === 'process.service') visit(required);
      }
      order.push(entry);
    };
    for (const entry of services) if (lifecycleOf(entry).auto_start === true) visit(entry);
    return order;
  }
}

function lifecycleOf(entry: Entry): Lifecycle {
  return (entry.data.lifecycle as Lifecycle | undefined) ?? {};
}
