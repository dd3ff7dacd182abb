/** Processes in each language that call operations as they are told, so that one table of cases is for all of them. */
import { readFileSync } from 'node:fs';
import type { Payload } from '../../runtime/machine.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { StartOptions } from '../../sdk/embed/index.ts';
import { deploy } from '../deploy.ts';

const folder = new URL('../../../test/capabilities/agents/', import.meta.url);

const ENTRIES: { readonly [language: string]: { readonly entry: string; readonly file: string } } = {
  lua: { entry: 'kind: process.lua, modules: [http_client, events, supervisor]', file: 'agent.lua' },
  ts: { entry: 'kind: process.ts, imports: [http_client, events, supervisor]', file: 'agent.ts' },
  wasm: {
    entry: 'kind: process.wasm, language: assemblyscript, imports: [http_client, events, supervisor]',
    file: 'agent.as.ts',
  },
};
export const LANGUAGES = Object.keys(ENTRIES);

export interface Refused {
  readonly refused: { readonly kind: string; readonly message: string };
}

/** `[topic, from, payload]`. */
export type Mail = [string, string, any];

/** A deployment `a` with the agents, on hosts given as `name: rest of the entry`. */
export async function startAgents(
  hosts: { readonly [name: string]: string },
  options: StartOptions = {},
  more: readonly string[] = [],
): Promise<Agents> {
  const entries = [
    ...Object.entries(hosts).map(
      ([name, rest]) => `{name: ${name}, kind: process.host, allow_untrusted_ts: true, ${rest}}`,
    ),
    ...Object.entries(ENTRIES).map(([name, { entry, file }]) => `{name: ${name}, ${entry}, source: "file://${file}"}`),
    // Subscribes and reads nothing.
    '{name: sleeper, kind: process.lua, modules: [events, time], source: "return function(system) require([[events]]).subscribe(system) require([[time]]).sleep([[1h]]) end"}',
    ...more,
  ];
  const yaml = `version: "1.0"\nnamespace: a\nentries:\n${entries.map(entry => `  - ${entry}\n`).join('')}`;
  const files = Object.fromEntries(
    Object.values(ENTRIES).map(({ file }) => [file, readFileSync(new URL(file, folder))]),
  );
  return new Agents(await deploy({ 'a.yaml': yaml, ...files }, options));
}

export class Agents {
  readonly runtime: Runtime;
  readonly #waiting = new Map<number, (answer: any) => void>();
  #n = 1;

  constructor(runtime: Runtime) {
    this.runtime = runtime;
    runtime.onMessage(({ topic, payload }) => {
      if (topic !== 'did') return;
      const answer = payload as { n: number };
      this.#waiting.get(answer.n)?.(answer);
      this.#waiting.delete(answer.n);
    });
  }

  agent(language: string, host = 'a:h'): Agent {
    return new Agent(this, this.runtime.spawn({ id: `a:${language}`, host, args: [] }));
  }

  /** What the operation answered, or was refused with. */
  ask(pid: string, capability: string, operation: string, args: readonly Payload[]): Promise<any> {
    const n = this.#n++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(n, ({ value, error }) => {
        resolve(error === undefined || error === null ? value : ({ refused: error } satisfies Refused));
      });
      const order = { n, capability, operation, args, count: args.length };
      const error = this.runtime.send(pid, 'do', order);
      if (error !== undefined) reject(error);
    });
  }

  /** Look until it is enough; what was seen last if it never is. */
  async until<T>(look: () => Promise<T> | T, enough: (seen: T) => boolean): Promise<T> {
    for (let round = 0; ; round++) {
      const seen = await look();
      if (enough(seen) || round >= 1000) return seen;
      await this.runtime.wait(2);
    }
  }
}

export class Agent {
  readonly pid: string;
  readonly #agents: Agents;

  constructor(agents: Agents, pid: string) {
    this.#agents = agents;
    this.pid = pid;
  }

  http(operation: string, ...args: Payload[]): Promise<any> {
    return this.#agents.ask(this.pid, 'http_client', operation, args);
  }

  events(operation: string, ...args: Payload[]): Promise<any> {
    return this.#agents.ask(this.pid, 'events', operation, args);
  }

  supervisor(operation: string, ...args: Payload[]): Promise<any> {
    return this.#agents.ask(this.pid, 'supervisor', operation, args);
  }

  /** Something that every language does in its own way. */
  does(operation: string, ...args: Payload[]): Promise<any> {
    return this.#agents.ask(this.pid, 'agent', operation, args);
  }

  /** All mail that has come, when it is so much; or what has come if it never is. */
  mail(count: number): Promise<Mail[]> {
    const look = async (): Promise<Mail[]> => (await this.does('mail')).mail as Mail[];
    return this.#agents.until(look, ({ length }) => length >= count);
  }

  /** Goes on as another entry, and says so: what was sent before has been taken by the old one. */
  async become(language: string): Promise<void> {
    void this.does('become', `a:${language}`);
    await this.does('mail');
  }
}
