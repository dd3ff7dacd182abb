/** Deployments with children in each language that say what happens to them. */
import { readFileSync } from 'node:fs';
import { createServices } from '../../runtime/capabilities/services.ts';
import type { LogFields, LogLevel, LogSink } from '../../runtime/logger.ts';
import type { Payload, ProcessEvent } from '../../runtime/machine.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { deploy, type DeployOptions } from '../deploy.ts';

const folder = new URL('../../../test/supervision/programs/', import.meta.url);

const PROGRAMS: { readonly [language: string]: { readonly kind: string; readonly file: string } } = {
  lua: { kind: 'process.lua', file: 'child.lua' },
  ts: { kind: 'process.ts', file: 'child.ts' },
  wasm: { kind: 'process.wasm, language: assemblyscript', file: 'child.as.ts' },
};
export const LANGUAGES = Object.keys(PROGRAMS);

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields | undefined;
  /** The entry that says it. */
  readonly id: string | undefined;
}

export class Supervised {
  readonly runtime: Runtime;
  /** What children have said, in the order in which it came: `start a`, `stop a`. */
  readonly said: string[] = [];
  readonly log: LogLine[];

  private constructor(runtime: Runtime, log: LogLine[]) {
    this.runtime = runtime;
    this.log = log;
    runtime.register('watcher', runtime.pid);
    runtime.onMessage(({ topic, payload }) => {
      if (topic === 'log') this.said.push(payload as string);
    });
  }

  /** `entries`: lines of YAML behind `s:host` and the program, which is named as its language. `watcher` hears its processes. */
  static async start(language: string, entries: string, options: DeployOptions = {}): Promise<Supervised> {
    const lines: LogLine[] = [];
    const log: LogSink = {
      enabled: () => true,
      log: (level, message, fields, origin) => lines.push({ level, message, fields, id: origin?.id }),
    };
    const { kind, file } = PROGRAMS[language];
    const yaml = `namespace: s
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: ${language}, kind: ${kind}, source: "file://${file}"}
${entries}`;
    const files = { [file]: readFileSync(new URL(file, folder)), 's.yaml': yaml };
    return new Supervised(await deploy(files, { services: createServices({ log }), ...options }), lines);
  }

  /** A supervisor, or any other entry. */
  watch(id: string, ...args: Payload[]): { readonly pid: string; readonly exit: Promise<ProcessEvent> } {
    return this.runtime.watch({ id, args });
  }

  send(name: string, topic: string): void {
    const error = this.runtime.send(name, topic, null);
    if (error !== undefined) throw error;
  }

  /** Wait until so much was said, and give it back; what is said next is counted anew. */
  async heard(count: number): Promise<string[]> {
    await this.until(
      () => this.said.length >= count,
      () => `only ${JSON.stringify(this.said)} was said, not ${count}`,
    );
    return this.said.splice(0, count);
  }

  async until(holds: () => boolean, otherwise: () => string = () => String(holds)): Promise<void> {
    for (let round = 0; !holds(); round++) {
      if (round > 3000) throw new Error(`waited in vain: ${otherwise()}`);
      await this.runtime.wait(2);
    }
  }

  /** The first of the log's lines that match, once there are so many. */
  async logged(pattern: RegExp, count = 1): Promise<LogLine> {
    const found = (): LogLine[] => this.log.filter(({ message }) => pattern.test(message));
    await this.until(
      () => found().length >= count,
      () => `the log has no ${pattern}: ${JSON.stringify(this.log)}`,
    );
    return found()[0];
  }

  /** Children of this name fail when they start. */
  async whileBlocked(name: string, run: () => Promise<void>): Promise<void> {
    this.runtime.register(`blocks ${name}`, this.runtime.pid);
    await run();
    this.release(`blocks ${name}`);
  }

  /** Let go of a name that the runtime's own process holds. */
  release(name: string): void {
    this.runtime.scheduler.names.release(name, this.runtime.pid);
  }

  async stop(): Promise<void> {
    await this.runtime.stop();
  }
}
