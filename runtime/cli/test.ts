import { createServices } from '../capabilities/services.ts';
import { StreamTerminal } from '../hosts/stream_terminal.ts';
import { type CommonOptions, ExitCode, type Languages } from './options.ts';
import { logOf, openDeployment } from './open.ts';
import { reporting } from './report.ts';
import { stopOnSignals, surviveRejections } from './signals.ts';
import { JsonReport, TextReport } from './test_report.ts';
import { TestRunner } from './test_runner.ts';
import { selectTests, type Test, type TestFilter } from './test_selection.ts';

export interface TestOptions extends CommonOptions, TestFilter {
  /** Milliseconds that each test may take. */
  readonly timeout: number;
  /** Stop at the first failure. */
  readonly bail: boolean;
}

/** `troupe test`: call every function that is a test, and say which passed. */
export function testCommand(options: TestOptions, languages: Languages): Promise<number> {
  return reporting(options, async () => {
    const deployment = await openDeployment(options);
    const tests = selectTests(deployment, options);
    const log = logOf(deployment);
    surviveRejections(log);
    const { stdout, stderr } = process;
    // Where the standard output is a document, what programs print must not get into it.
    const terminal = new StreamTerminal([], undefined, options.json ? stderr : stdout);
    const runner = await TestRunner.start({
      deployment,
      languages,
      // As in `exec`: the main thread listens to Ctrl-C and to the clock whatever a test does.
      workers: options.workers ?? deployment.settings.workers ?? 1,
      services: createServices({ root: deployment.root, terminal, log }),
      timeout: options.timeout,
    });
    let interrupted = false;
    const release = stopOnSignals(terminal, () => {
      interrupted = true;
      void runner.interrupt();
    });
    const write = (text: string): void => void stdout.write(text);
    const report = options.json ? new JsonReport(write) : new TextReport(tests, write, stdout.isTTY === true);
    try {
      const begun = runner.now();
      const waiting: Test[] = [...tests];
      let failed = 0;
      while (waiting.length > 0 && !(options.bail && failed > 0)) {
        const outcome = await runner.run(waiting[0]);
        if (outcome === undefined) break;
        waiting.shift();
        if (outcome.error !== undefined) failed++;
        report.ended(outcome);
      }
      const passed = tests.length - waiting.length - failed;
      report.finished({ passed, failed, notRun: waiting, interrupted, duration: runner.now() - begun });
      return passed === tests.length ? ExitCode.Fine : ExitCode.ProgramFailed;
    } finally {
      await runner.stop();
      release();
      terminal.close();
    }
  });
}
