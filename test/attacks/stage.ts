/**
 * The stage for attacks: an attacker is a process, the same in each language, that does the steps that it is given and
 * answers how each went. So an attack is written once, and must fail in the same way in all languages.
 *
 *     const [sent] = await stage.attack('lua', 'app:cell', [['send', victim, 'topic', 1]]);
 *     assert.is(sent.error?.kind, 'PERMISSION_DENIED');
 *
 * A text "$0" in a step is what the first step gave. `repeat` does a step so many times, "#" in its texts being the count, and
 * stops where it is refused.
 */
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Message, Payload } from '../../runtime/machine.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { type DeployOptions, deploy, type Files } from '../deploy.ts';

// Compiled AssemblyScript is kept between runs, but not where the user's own is.
process.env.XDG_CACHE_HOME ??= join(tmpdir(), 'troupe-test-cache');

/** Attackers lie beside the sources; the compiled test finds them from `dist`. */
const attackers = new URL('../../../test/attacks/attackers/', import.meta.url);

export const LANGUAGES = ['lua', 'ts', 'wasm'] as const;
export type Language = (typeof LANGUAGES)[number];

export type Step = readonly [op: string, ...args: Payload[]];

/** A process that lives until it is told to finish, whatever else it is told. */
export const VICTIM = `{name: victim, kind: process.lua, source: "return function() repeat until process.inbox():receive():topic() == 'finish' return 1 end"}`;

export interface Outcome {
  readonly ok?: any;
  readonly error?: { readonly kind: string; readonly message: string };
}

export interface StageSettings {
  /** Entries beside the attackers, each one in YAML's flow style: hosts, victims, policies. Namespace `app`. */
  readonly entries: readonly string[];
  /** Capabilities that attackers import. `time`, `ctx` and `funcs` if left out. */
  readonly imports?: readonly string[];
  /** Source of the attacker in WebAssembly, which names what it imports. */
  readonly wasm?: string;
  /** `.troupe.yaml`; if left out hosts are not strict, and denials are not logged. */
  readonly settings?: string;
  readonly files?: Files;
  readonly options?: DeployOptions;
}

export class Stage {
  readonly runtime: Runtime;
  /** Every message that the runtime's own process got. */
  readonly mail: Message[] = [];

  constructor(runtime: Runtime) {
    this.runtime = runtime;
    runtime.onMessage(message => {
      this.mail.push(message);
    });
  }

  static async start(given: StageSettings): Promise<Stage> {
    const { entries, imports = ['time', 'ctx', 'funcs'], wasm = 'attacker.as.ts', files, options } = given;
    const wants = imports.join(', ');
    const own = [
      `{name: lua, kind: process.lua, modules: [${wants}], source: "file://attackers/attacker.lua"}`,
      `{name: ts, kind: process.ts, imports: [${wants}], source: "file://attackers/attacker.ts"}`,
      `{name: wasm, kind: process.wasm, language: assemblyscript, imports: [${wants}], source: "file://attackers/${wasm}"}`,
    ];
    const yaml = ['namespace: app', 'entries:', ...[...entries, ...own].map(entry => `  - ${entry}`), ''].join('\n');
    const sources = ['attacker.lua', 'attacker.ts', 'steps.as.ts', wasm];
    const read = sources.map(file => [`attackers/${file}`, readFileSync(new URL(file, attackers))]);
    const { settings = 'security: {strict_mode: false, audit: {log: false}}\n' } = given;
    const all = { '.troupe.yaml': settings, 'app.yaml': yaml, ...Object.fromEntries(read), ...files };
    return new Stage(await deploy(all, options));
  }

  /** What became of each step; rejects where the attacker did not come to its end. */
  async attack(language: Language, host: string, steps: readonly Step[]): Promise<Outcome[]> {
    const outcomes = await this.runtime.exec({ id: `app:${language}`, host, args: [steps] });
    return outcomes as unknown as Outcome[];
  }

  /** What became of one step. */
  async try(language: Language, host: string, ...step: Step): Promise<Outcome> {
    return (await this.attack(language, host, [step]))[0];
  }

  /** An attacker that the test goes on beside; what ends it is not looked at. */
  begin(language: Language, host: string, steps: readonly Step[]): string {
    return this.runtime.spawn({ id: `app:${language}`, host, args: [steps] });
  }

  /** Look again and again until it is so. */
  async until(what: string, holds: () => boolean): Promise<void> {
    for (let round = 0; !holds(); round++) {
      if (round >= 1000) throw new Error(`not within 5 s: ${what}`);
      await this.runtime.wait(5);
    }
  }

  alive(pid: string): boolean {
    return this.runtime.send(pid, 'are you there', null) === undefined;
  }

  async end(): Promise<void> {
    await this.runtime.stop();
  }
}

/** The kind of the error, or what it gave instead of one. */
export function refusal({ ok, error }: Outcome): string {
  return error?.kind ?? `not refused: ${JSON.stringify(ok)}`;
}
