/**
 * Runs tests one after the other in one runtime, services included, each as a process of its own that is called with no
 * arguments.
 */
import { capabilityDefinitions } from '../capabilities/index.ts';
import type { Services } from '../capabilities/services.ts';
import { formatDuration } from '../duration.ts';
import { TroupeError } from '../errors.ts';
import type { DeployedData } from '../hosts/deployed.ts';
import { prepareDeployment } from '../hosts/prepare.ts';
import type { ExitResult } from '../machine.ts';
import { showPlace } from '../registry/entry.ts';
import type { Deployment } from '../registry/load.ts';
import { Runtime, type RuntimeOptions } from '../runtime.ts';
import type { Languages } from './options.ts';
import type { Test } from './test_selection.ts';

/** Milliseconds that a terminated test has to be gone; one that is not holds its thread and never lets go. */
const TERMINATE_GRACE = 2_000;

/** A process that ended by an error of its own while a test ran. */
export interface Crash {
  readonly id: string;
  readonly pid: string;
  readonly error: TroupeError;
}

export interface TestOutcome {
  readonly test: Test;
  /** Milliseconds on the runtime's clock. */
  readonly duration: number;
  /** Why it failed; undefined: it passed. */
  readonly error: TroupeError | undefined;
  /** Of a test that failed. */
  readonly crashes: readonly Crash[];
}

export interface TestRunnerOptions {
  readonly deployment: Deployment;
  readonly languages: Languages;
  readonly workers: number;
  readonly services: Services;
  /** Milliseconds that a test may take. */
  readonly timeout: number;
}

export class TestRunner {
  readonly #data: DeployedData;
  readonly #options: RuntimeOptions;
  readonly #timeout: number;
  #runtime!: Runtime;
  #crashes: Crash[] = [];
  #interrupted = false;

  private constructor(data: DeployedData, options: TestRunnerOptions) {
    const { deployment, languages, workers, services } = options;
    this.#data = data;
    this.#timeout = options.timeout;
    this.#options = {
      deployment,
      ...languages,
      workers,
      services,
      onCrash: (pid, id, error) => {
        // Who was terminated or ended by a link did nothing wrong itself.
        if (error.kind !== 'CANCELED') this.#crashes.push({ id, pid, error });
      },
    };
  }

  /** Compile and link the deployment and start it. Rejects with a DeploymentError, and nothing was started, if it is wrong. */
  static async start(options: TestRunnerOptions): Promise<TestRunner> {
    const { deployment, languages } = options;
    const data = await prepareDeployment(deployment, {
      machines: languages.machines,
      capabilities: capabilityDefinitions,
    });
    const runner = new TestRunner(data, options);
    runner.#runtime = await Runtime.startPrepared(data, runner.#options);
    return runner;
  }

  /** The runtime that is there now; another one after a test that could only be ended together with its runtime. */
  get runtime(): Runtime {
    return this.#runtime;
  }

  /** Milliseconds on the runtime's clock. */
  now(): number {
    return this.#runtime.scheduler.clock.now();
  }

  /** Stop the runtime; the test that runs has no outcome. */
  async interrupt(): Promise<void> {
    this.#interrupted = true;
    await this.#runtime.stop();
  }

  /** Undefined: it was interrupted. */
  async run(test: Test): Promise<TestOutcome | undefined> {
    if (this.#interrupted) return undefined;
    if (this.#runtime.stopped) this.#runtime = await Runtime.startPrepared(this.#data, this.#options);
    this.#crashes = [];
    const begun = this.now();
    const called = await this.#call(test);
    if (this.#interrupted) return undefined;
    const duration = this.now() - begun;
    const error = failureOf(test, called.result);
    // Workers report a crash before they tell the end that it led to, but by another way: let it arrive.
    if (error !== undefined) await this.#runtime.wait(1);
    const crashes = error === undefined ? [] : this.#crashes.filter(crash => crash.pid !== called.pid);
    return { test, duration, error, crashes };
  }

  async stop(): Promise<void> {
    await this.#runtime.stop();
  }

  async #call(test: Test): Promise<{ readonly pid?: string; readonly result: ExitResult }> {
    const runtime = this.#runtime;
    let watched: ReturnType<Runtime['watch']>;
    try {
      watched = runtime.watch({ id: test.entry.id });
    } catch (thrown) {
      if (!(thrown instanceof TroupeError)) throw thrown;
      return { result: { error: thrown } };
    }
    const { pid, exit } = watched;
    const late = Symbol('late');
    const event = await Promise.race([exit, runtime.wait(this.#timeout).then((): typeof late => late)]);
    if (event !== late) return { pid, result: event.result ?? {} };
    runtime.terminate(pid);
    const gone = await Promise.race([exit, runtime.wait(TERMINATE_GRACE).then((): typeof late => late)]);
    const stuck = gone === late && !this.#interrupted;
    if (stuck) await runtime.halt();
    return { pid, result: { error: this.#tooLate(test, stuck) } };
  }

  #tooLate(test: Test, stuck: boolean): TroupeError {
    const hint = stuck ? '; it never waits, so that it had to be ended together with its runtime' : '';
    return new TroupeError(`the test did not end within ${formatDuration(this.#timeout)} (--timeout)${hint}`, {
      kind: 'TIMEOUT',
      place: showPlace(test.entry.place),
    });
  }
}

/** Undefined: the test passed. */
function failureOf(test: Test, { value, error }: ExitResult): TroupeError | undefined {
  if (error !== undefined) return error;
  if (value instanceof TroupeError) return value;
  if (value !== false) return undefined;
  return new TroupeError('the test returned false; one that raises an error instead can say why', {
    place: test.entry.source?.name,
  });
}
