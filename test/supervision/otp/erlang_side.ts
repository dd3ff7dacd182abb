/** Scenarios played in Erlang, with the supervisors of OTP. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { scenarioTerm } from './erlang_terms.ts';
import { PERIOD, type Scenario } from './scenario.ts';

const sources = fileURLToPath(new URL('../../../../test/supervision/otp/erlang', import.meta.url));
const run = promisify(execFile);

/** Milliseconds between two pauses above which chance may have decided what a second is. */
export const TOO_SLOW = PERIOD * 1000 * 0.9;
/** How often what was too slow is played. */
export const TRIES = 3;

export class ErlangSide {
  readonly #folder = mkdtempSync(join(tmpdir(), 'troupe-otp-'));
  /** What was played already. */
  readonly #played = new WeakMap<Scenario, readonly string[]>();

  /** Compiles what plays; throws what the compiler says. */
  constructor() {
    const files = readdirSync(sources).filter(file => file.endsWith('.erl'));
    const args = ['+warnings_as_errors', '-o', this.#folder, ...files.map(file => join(sources, file))];
    const { status, stdout, stderr } = spawnSync('erlc', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`erlc failed (code ${status}):\n${stdout}${stderr}`);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The lines of each scenario. All are played at the same time, so that their pauses cost little; none is played twice. */
  async play(scenarios: readonly Scenario[]): Promise<(readonly string[])[]> {
    for (let tries = 1; ; tries++) {
      const left = scenarios.flatMap((scenario, number) => (this.#played.has(scenario) ? [] : [number]));
      if (left.length === 0) return scenarios.map(scenario => this.#played.get(scenario)!);
      if (tries > TRIES)
        throw new Error(`${left.length} scenarios took too long in Erlang, ${TRIES} times: a busy machine?`);
      for (const { number, worst, lines } of await this.#play(scenarios, left)) {
        if (worst <= TOO_SLOW) this.#played.set(scenarios[number], lines);
      }
    }
  }

  async #play(
    scenarios: readonly Scenario[],
    numbers: readonly number[],
  ): Promise<{ number: number; worst: number; lines: string[] }[]> {
    const path = join(this.#folder, 'scenarios');
    writeFileSync(path, numbers.map(number => `${scenarioTerm(number, scenarios[number])}\n`).join(''));
    // One scheduler: what one process sends to two others arrives at both before either runs.
    const args = ['+S', '1', '-noshell', '-pa', this.#folder, '-s', 'otp_compare', 'main', '-scenarios', path];
    const { stdout, stderr } = await run('erl', args, { maxBuffer: 2 ** 30, timeout: 120_000, killSignal: 'SIGKILL' });
    const answers = stdout.split('\n').filter(line => line.length > 0);
    if (answers.length !== numbers.length) {
      throw new Error(
        `Erlang answered ${answers.length} of ${numbers.length} scenarios:\n${stdout.slice(-2000)}${stderr}`,
      );
    }
    return answers.map(answer => {
      const [number, worst, ...lines] = answer.split('\t');
      return { number: Number(number), worst: Number(worst), lines };
    });
  }
}
