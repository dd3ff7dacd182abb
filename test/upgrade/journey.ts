/**
 * Processes that go on as other programs, for the tests of this folder. A traveller (`travellers/`) does what messages tell
 * it, the same in every language and style, and takes its state along when it is told to become another one.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import type { Message, Payload, ProcessEvent } from '../../runtime/machine.ts';
import { isBytes } from '../../runtime/payload/bytes.ts';
import type { Runtime, RuntimeOptions } from '../../runtime/runtime.ts';
import { deploy } from '../deploy.ts';

// Compiled AssemblyScript is kept between runs, but not where the user's own is.
process.env.XDG_CACHE_HOME ??= join(tmpdir(), 'troupe-test-cache');

/** Travellers lie beside the sources; the compiled test finds them from `dist`. */
const travellers = new URL('../../../test/upgrade/travellers/', import.meta.url);

const WASM = 'kind: process.wasm, language: assemblyscript, source: file://traveller.as.ts';
const ENTRIES = {
  lua: 'kind: process.lua, modules: [time], source: file://traveller.lua',
  wasm: `${WASM}, method: blocking`,
  wasm_handlers: `${WASM}, method: handlers`,
  ts: 'kind: process.ts, imports: [time], source: file://generator.ts',
  ts_handlers: 'kind: process.ts, source: file://handlers.ts',
  xstate: 'kind: process.xstate, source: file://machine.ts',
  ts_async: 'kind: process.ts, imports: [time], source: file://asynchronous.ts',
} as const;

export type Style = keyof typeof ENTRIES;

/** Where travellers travel. Promises are for trusted hosts. */
export const PLACES: readonly { readonly name: string; readonly trusted: boolean; readonly options: Threads }[] = [
  { name: 'contained, one thread', trusted: false, options: {} },
  { name: 'contained, threads that give processes to one another', trusted: false, options: threads(2, true) },
  { name: 'trusted, one thread', trusted: true, options: {} },
  { name: 'trusted, threads', trusted: true, options: threads(2, false) },
];

type Threads = Pick<RuntimeOptions, 'workers' | 'restless' | 'placement'>;

function threads(workers: number, restless: boolean): Threads {
  return { workers, restless, placement: 'round-robin' };
}

export function stylesOn(trusted: boolean): Style[] {
  const all = Object.keys(ENTRIES) as Style[];
  return trusted ? all : all.filter(style => style !== 'ts_async');
}

export interface JourneyOptions {
  readonly trusted?: boolean;
  readonly threads?: Threads;
  /** More entries of namespace `u`, each in YAML's flow style. */
  readonly entries?: readonly string[];
  readonly files?: { readonly [path: string]: string | Uint8Array };
  /** Inside the host `u:host`. */
  readonly host?: string;
}

export class Journey {
  readonly runtime: Runtime;
  /** Every message that the runtime's own process got, in order. */
  readonly mail: Message[] = [];

  constructor(runtime: Runtime) {
    this.runtime = runtime;
    runtime.onMessage(message => {
      this.mail.push(message);
    });
  }

  static async start({ trusted = false, threads = {}, entries = [], files, host }: JourneyOptions): Promise<Journey> {
    const trust = trusted ? 'trusted: true' : 'allow_untrusted_ts: true';
    const yaml = [
      'namespace: u',
      'entries:',
      `  - {name: host, kind: process.host, ${trust}${host === undefined ? '' : `, ${host}`}}`,
      '  - {name: waiter, kind: process.lua, meta: {default_host: "u:host"}, source: file://waiter.lua}',
      ...stylesOn(trusted).map(style => `  - {name: ${style}, meta: {default_host: "u:host"}, ${ENTRIES[style]}}`),
      ...entries.map(entry => `  - ${entry}`),
      '',
    ].join('\n');
    const sources = readdirSync(travellers).map(file => [file, readFileSync(new URL(file, travellers))]);
    return new Journey(await deploy({ 'u.yaml': yaml, ...Object.fromEntries(sources), ...files }, threads));
  }

  begin(style: Style, carried: Payload = null): Traveller {
    const args = [{ owner: this.runtime.pid, carried, seen: [] }];
    const { pid, exit } = this.runtime.watch({ id: `u:${style}`, host: 'u:host', args });
    return new Traveller(this, pid, exit);
  }

  /** The payloads of messages on a topic, from a process. */
  from(pid: string, topic: string): Payload[] {
    return this.mail.filter(message => message.topic === topic && message.from === pid).map(({ payload }) => payload);
  }

  async until(what: string, reached: () => boolean): Promise<void> {
    const { clock } = this.runtime.scheduler;
    const patience = clock.now() + 20_000;
    while (!reached()) {
      assert.ok(clock.now() < patience, `waited in vain: ${what}`);
      await this.runtime.wait(1);
    }
  }
}

export interface Told {
  readonly pid: string;
  readonly id: string;
  readonly trap_links: boolean;
  readonly upgradable: boolean;
  readonly carried: Payload;
  readonly seen: readonly Payload[];
}

export class Traveller {
  readonly pid: string;
  readonly exit: Promise<ProcessEvent>;
  readonly #journey: Journey;
  #asked = 0;

  constructor(journey: Journey, pid: string, exit: Promise<ProcessEvent>) {
    this.#journey = journey;
    this.pid = pid;
    this.exit = exit;
  }

  tell(topic: string, payload: unknown = null): void {
    const refused = this.#journey.runtime.send(this.pid, topic, payload);
    if (refused !== undefined) throw refused;
  }

  become(style: Style): void {
    this.tell('become', `u:${style}`);
  }

  /** What it says of itself, after all that it was told before. */
  async told(): Promise<Told> {
    this.tell('tell');
    const number = this.#asked++;
    await this.#journey.until('it tells', () => this.#journey.from(this.pid, 'told').length > number);
    return this.#journey.from(this.pid, 'told')[number] as unknown as Told;
  }

  /** What it has said on `topic`, once that is so many. */
  async said(topic: string, count: number): Promise<Payload[]> {
    await this.#journey.until(`${count} on ${topic}`, () => this.#journey.from(this.pid, topic).length >= count);
    return this.#journey.from(this.pid, topic);
  }
}

/** A payload as plain data that can be compared: errors by all that they say, bytes by their content. */
export function shown(value: Payload): unknown {
  if (value instanceof TroupeError) {
    const { message, kind, retryable, details } = value;
    return { error: message, kind, retryable, details: shown(details as Payload) };
  }
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') };
  if (typeof value !== 'object' || value === null) return value;
  if (isBytes(value)) return { bytes: Buffer.from(value.toUint8Array()).toString('hex') };
  if (Array.isArray(value)) return value.map(shown);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shown(item as Payload)]));
}
