/**
 * The stage for the conformance cases: an agent is a process, written in some language, that does what it is told by
 * messages and says how it went. The cases know agents only, so each runs for every pair of languages.
 *
 * Protocol: topic `do`, payload `{n, op, ...}`; the answer goes to the sender, topic `did`, payload `{n, ok}` or
 * `{n, error: {kind, message}}`.
 */
import { readFileSync } from 'node:fs';
import type { TroupeError } from '../../runtime/errors.ts';
import type { Payload } from '../../runtime/machine.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { StartOptions } from '../../sdk/embed/index.ts';
import { deploy } from '../deploy.ts';

/** The runner repeats the cases with programs interrupted at every opportunity. */
export const SLICE = process.env.TROUPE_TEST_SLICE;

/** Agents lie beside the sources; the compiled test finds them from `dist*`. */
const agents = new URL('../../../test/conformance/agents/', import.meta.url);

interface Language {
  /** The entry's keys besides its name. */
  readonly entry: string;
  readonly file: string;
  /** Of `hosts` in the deployment; `host` where left out. */
  readonly host?: string;
  /** The languages that it is tried with besides itself, each in both roles; all where left out. */
  readonly partners?: readonly string[];
}

export const LANGUAGES: { readonly [name: string]: Language } = {
  ts: { entry: 'kind: process.ts, imports: [time]', file: 'agent.ts' },
  // What runs on promises runs on trusted hosts.
  async: {
    entry: 'kind: process.ts, imports: [time], meta: {default_host: "c:node"}',
    file: 'agent_async.ts',
    host: 'node',
  },
  // The same machine and library in the other style.
  handlers: {
    entry: 'kind: process.ts, imports: [time]',
    file: 'agent_handlers.ts',
    partners: ['ts', 'lua'],
  },
  xstate: { entry: 'kind: process.xstate, imports: [time]', file: 'agent_machine.ts' },
  lua: { entry: 'kind: process.lua, modules: [time, ctx]', file: 'agent.lua' },
  wasm: { entry: 'kind: process.wasm, language: assemblyscript, imports: [time]', file: 'agent.as.ts' },
  // The same machine and library in the other style: what is of the pair has been seen with `wasm`.
  'wasm-events': {
    entry: 'kind: process.wasm, language: assemblyscript, imports: [time]',
    file: 'agent_handlers.as.ts',
    partners: ['ts', 'lua', 'wasm'],
  },
  c: { entry: 'kind: process.wasm, imports: [time]', file: 'agent_c.wasm' },
};

/** Where its agents run, and where there is room for one of them only. */
export function hostOf(language: string): string {
  return `c:${LANGUAGES[language].host ?? 'host'}`;
}
export function smallHostOf(language: string): string {
  return LANGUAGES[language].host === undefined ? 'c:small' : 'c:small_node';
}

/** Whether the cases run for this pair. */
export function meet(a: string, b: string): boolean {
  if (a === b) return true;
  const accepts = (one: string, other: string) => LANGUAGES[one].partners?.includes(other) ?? true;
  return accepts(a, b) && accepts(b, a);
}

export interface Refusal {
  readonly kind: string;
  readonly message: string;
}

/** What an agent reports of a process event. */
export interface SeenEvent {
  readonly kind: string;
  readonly from: string;
  readonly value?: Payload;
  readonly error?: Refusal & { readonly retryable?: boolean | null; readonly details?: Payload };
  readonly reason?: string;
}

export class Agent {
  readonly pid: string;
  readonly #world: World;

  constructor(world: World, pid: string) {
    this.#world = world;
    this.pid = pid;
  }

  /** Do something and wait for the answer; a refusal is the answer too. */
  ask<T = any>(op: string, params: { readonly [key: string]: Payload } = {}): Promise<T | Refusal> {
    return this.#world.ask(this.pid, op, params) as Promise<T | Refusal>;
  }

  /** Do something that must succeed. */
  async must<T = any>(op: string, params: { readonly [key: string]: Payload } = {}): Promise<T> {
    const answer = await this.ask<T>(op, params);
    if (isRefusal(answer)) throw new Error(`${op} was refused: ${answer.kind}: ${answer.message}`);
    return answer as T;
  }

  /** The kind of the refusal of something that must fail. */
  async refused(op: string, params: { readonly [key: string]: Payload } = {}): Promise<string> {
    const answer = await this.ask(op, params);
    return isRefusal(answer) ? answer.kind : `not refused: ${JSON.stringify(answer)}`;
  }

  /** Tell it something that it does not answer, because it ends by it. */
  tell(op: string, params: { readonly [key: string]: Payload } = {}): void {
    const error = this.#world.runtime.send(this.pid, 'do', { n: 0, op, ...params });
    if (error !== undefined) throw error;
  }

  /** All events so far, once there are `count` of them. */
  async events(count: number): Promise<SeenEvent[]> {
    return this.#world.until(
      () => this.must<SeenEvent[]>('events'),
      events => events.length >= count,
    );
  }

  /** All messages so far that were no orders, once there are `count` of them. */
  async mail(count: number): Promise<[string, Payload, string][]> {
    return this.#world.until(
      () => this.must<[string, Payload, string][]>('mail'),
      mail => mail.length >= count,
    );
  }

  /** A question whose answer is a list. An empty Lua table is no list by itself. */
  async list<T>(op: string, params: { readonly [key: string]: Payload } = {}): Promise<T[]> {
    const answer = await this.must(op, params);
    return Array.isArray(answer) ? answer : [];
  }

  async alive(): Promise<boolean> {
    return this.#world.runtime.send(this.pid, 'do', { n: 0, op: 'nothing' }) === undefined;
  }
}

/** Arguments for an agent. An XState machine has one input: the list of them. */
export function given(language: string, ...args: Payload[]): Payload[] {
  return language === 'xstate' ? [args] : args;
}

export function isRefusal(answer: unknown): answer is Refusal {
  return typeof answer === 'object' && answer !== null && (answer as { refused?: unknown }).refused === true;
}

export class World {
  readonly runtime: Runtime;
  readonly #waiting = new Map<number, (payload: { ok?: Payload; error?: Refusal }) => void>();
  #n = 1;

  constructor(runtime: Runtime) {
    this.runtime = runtime;
    runtime.onMessage(message => {
      if (message.topic !== 'did') return;
      const payload = message.payload as unknown as { n: number; ok?: Payload; error?: Refusal };
      this.#waiting.get(payload.n)?.(payload);
      this.#waiting.delete(payload.n);
    });
  }

  static async start(options: StartOptions): Promise<World> {
    const entries = Object.entries(LANGUAGES).map(
      ([name, { entry, file }]) => `  - {name: ${name}, ${entry}, source: "file://agents/${file}"}`,
    );
    const yaml = [
      'namespace: c',
      'entries:',
      `  - {name: host, kind: process.host, allow_untrusted_ts: true, limits: {mailbox: 500${SLICE === undefined ? '' : `, cpu_slice: ${SLICE}`}}}`,
      '  - {name: node, kind: process.host, trusted: true, limits: {mailbox: 500}}',
      '  - {name: small, kind: process.host, allow_untrusted_ts: true, host: {max_processes: 1}}',
      '  - {name: small_node, kind: process.host, trusted: true, host: {max_processes: 1}}',
      '  - {name: bare, kind: process.host, allow_untrusted_ts: true, capabilities: {json: {}}}',
      ...entries,
    ].join('\n');
    const names = [...Object.values(LANGUAGES).map(({ file }) => file), 'orders.ts', 'orders.as.ts'];
    const files = Object.fromEntries(names.map(file => [`agents/${file}`, readFileSync(new URL(file, agents))]));
    return new World(await deploy({ 'conformance.yaml': yaml, ...files }, options));
  }

  /** An agent that answers: its first step is over. */
  async agent(language: string): Promise<Agent> {
    const agent = new Agent(this, this.runtime.spawn({ id: `c:${language}`, host: hostOf(language), args: [] }));
    await agent.must('nothing');
    return agent;
  }

  adopt(pid: string): Agent {
    return new Agent(this, pid);
  }

  ask(pid: string, op: string, params: { readonly [key: string]: Payload }): Promise<unknown> {
    const n = this.#n++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(n, ({ ok, error }) => {
        resolve(error === undefined || error === null ? ok : { ...error, refused: true });
      });
      const error: TroupeError | undefined = this.runtime.send(pid, 'do', { n, op, ...params });
      if (error !== undefined) reject(error);
      const late = () => {
        if (this.#waiting.delete(n)) reject(new Error(`${op} was not answered within 10 s`));
      };
      void this.runtime.wait(10_000).then(late);
    });
  }

  /** Look again and again until it is as expected; what was last seen if it never is. */
  async until<T>(look: () => Promise<T>, enough: (seen: T) => boolean): Promise<T> {
    for (let round = 0; ; round++) {
      const seen = await look();
      if (enough(seen) || round >= 400) return seen;
      await this.runtime.wait(round < 20 ? 1 : 5);
    }
  }

  /** Wait until a PID is gone. */
  async gone(pid: string): Promise<void> {
    await this.until(
      async () => this.runtime.send(pid, 'x', null)?.kind === 'NOT_FOUND',
      gone => gone,
    );
  }
}
