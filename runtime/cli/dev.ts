import pc from 'picocolors';
import { systemClock } from '../clock.ts';
import type { DevEvent } from '../dev/event.ts';
import { frameOfFile } from '../dev/frames.ts';
import { DevSession } from '../dev/session.ts';
import { showEvent } from '../dev/show_event.ts';
import { StreamTerminal } from '../hosts/stream_terminal.ts';
import { realRoot } from '../inspect/socket_folder.ts';
import { LineLog, writeStderr } from '../logger.ts';
import { DevRun } from './dev_run.ts';
import { givenBy } from './open.ts';
import { ExitCode, type Languages } from './options.ts';
import { colorsOfErrors, reporting } from './report.ts';
import type { RunOptions } from './run.ts';
import { stopOnSignals, surviveRejections } from './signals.ts';

/** `troupe dev`: run a deployment and keep it as its folder is, until it is stopped. */
export function devCommand(
  command: string | undefined,
  args: readonly string[],
  options: RunOptions,
  languages: Languages,
): Promise<number> {
  return reporting(options, async () => {
    // By this name it is found again when it was moved away and back, wherever this process thinks it is.
    const root = realRoot(options.directory);
    // No change of the folder could mend it.
    givenBy(options);
    surviveRejections(new LineLog({ level: 'info', format: 'text', clock: systemClock, write: writeStderr }));
    const colors = options.json ? pc.createColors(false) : colorsOfErrors;
    const tell = (event: DevEvent): void => {
      const at = systemClock.unix();
      if (options.json) process.stdout.write(`${JSON.stringify({ at: at / 1_000, ...event })}\n`);
      else process.stderr.write(showEvent(event, at, colors));
    };
    const terminal = new StreamTerminal(args);
    const target = new DevRun({ command, terminal, options: { ...options, directory: root }, languages, tell, colors });
    const session = new DevSession({
      root,
      target,
      tell,
      frame: place => frameOfFile(root, place, colors),
      clock: systemClock,
    });
    try {
      const stopped = new Promise<void>(resolve => {
        const stop = async (): Promise<void> => {
          await session.close();
          await target.stop();
          release();
          resolve();
        };
        const release = stopOnSignals(terminal, () => void stop());
      });
      await session.start();
      await stopped;
      return ExitCode.Fine;
    } finally {
      await session.close();
      await target.stop();
      terminal.close();
    }
  });
}
