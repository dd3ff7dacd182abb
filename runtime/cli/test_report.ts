/** What `troupe test` prints: lines for people as the tests end, or one JSON document when all is over. */
import pc from 'picocolors';
import { errorObject, showError } from './report.ts';
import type { Crash, TestOutcome } from './test_runner.ts';
import type { Test } from './test_selection.ts';

export interface TestSummary {
  readonly passed: number;
  readonly failed: number;
  /** Tests that were to run and did not, because of `--bail` or Ctrl-C. */
  readonly notRun: readonly Test[];
  readonly interrupted: boolean;
  /** Milliseconds for all of them. */
  readonly duration: number;
}

export interface TestReport {
  ended(outcome: TestOutcome): void;
  finished(summary: TestSummary): void;
}

type Write = (text: string) => void;

/** Column at which an outcome's failure begins. */
const INDENT = ' '.repeat(8);

export class TextReport implements TestReport {
  readonly #write: Write;
  readonly #colors: ReturnType<typeof pc.createColors>;
  readonly #width: number;
  #suite: string | undefined;

  /** `tests`: all that will run, for the width of the columns. */
  constructor(tests: readonly Test[], write: Write, isTty: boolean) {
    this.#write = write;
    this.#colors = pc.createColors(pc.isColorSupported && isTty);
    this.#width = Math.max(...tests.map(test => test.entry.id.length));
  }

  ended({ test, duration, error, crashes }: TestOutcome): void {
    const { bold, green, red, dim } = this.#colors;
    if (test.suite !== this.#suite) {
      this.#write(`${this.#suite === undefined ? '' : '\n'}${bold(test.suite)}\n`);
      this.#suite = test.suite;
    }
    const mark = error === undefined ? green('ok  ') : red('FAIL');
    this.#write(`  ${mark}  ${test.entry.id.padEnd(this.#width)}  ${dim(milliseconds(duration).padStart(9))}\n`);
    if (error !== undefined) this.#write(indented(showError(error, this.#colors)));
    for (const crash of crashes) this.#write(indented(this.#crash(crash)));
  }

  finished({ passed, failed, notRun, interrupted, duration }: TestSummary): void {
    const { green, red, yellow, dim } = this.#colors;
    const parts = [green(`${passed} passed`), failed > 0 ? red(`${failed} failed`) : `${failed} failed`];
    if (notRun.length > 0) parts.push(yellow(`${notRun.length} not run`));
    if (interrupted) parts.push(yellow('interrupted'));
    this.#write(`\n${parts.join(', ')} ${dim(`(${milliseconds(duration)})`)}\n`);
  }

  #crash({ id, pid, error }: Crash): string {
    return `meanwhile ${id} ${this.#colors.dim(pid)} ended with\n${showError(error, this.#colors)}`;
  }
}

/** `{ok, passed, failed, not_run, interrupted, duration_ms, tests: [{id, suite, outcome, duration_ms, error, crashes}]}` */
export class JsonReport implements TestReport {
  readonly #write: Write;
  readonly #tests: object[] = [];

  constructor(write: Write) {
    this.#write = write;
  }

  ended({ test, duration, error, crashes }: TestOutcome): void {
    this.#tests.push({
      id: test.entry.id,
      suite: test.suite,
      outcome: error === undefined ? 'passed' : 'failed',
      duration_ms: duration,
      error: error === undefined ? null : errorObject(error),
      crashes: crashes.map(crash => ({ id: crash.id, pid: crash.pid, error: errorObject(crash.error) })),
    });
  }

  finished({ passed, failed, notRun, interrupted, duration }: TestSummary): void {
    for (const test of notRun) {
      const { entry, suite } = test;
      this.#tests.push({ id: entry.id, suite, outcome: 'not_run', duration_ms: null, error: null, crashes: [] });
    }
    const ok = failed === 0 && notRun.length === 0;
    const summary = { ok, passed, failed, not_run: notRun.length, interrupted, duration_ms: duration };
    this.#write(`${JSON.stringify({ ...summary, tests: this.#tests })}\n`);
  }
}

function milliseconds(duration: number): string {
  return duration < 1_000 ? `${duration.toFixed(1)} ms` : `${(duration / 1_000).toFixed(2)} s`;
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, INDENT);
}
