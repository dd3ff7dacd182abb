import { toTroupeError } from '../errors.ts';
import type { StreamTerminal } from '../hosts/stream_terminal.ts';
import type { LogSink } from '../logger.ts';

/** What ends a command: the reason that its processes are told, and the exit code where it ends at once. */
const ENDING = {
  SIGINT: { reason: 'interrupted', code: 130 },
  SIGTERM: { reason: 'terminated', code: 143 },
  SIGHUP: { reason: 'the terminal is gone', code: 129 },
} as const;

/**
 * Ctrl-C, SIGTERM and SIGHUP (the terminal is gone) call `first` with the reason, which stops the runtime in order; a second
 * one ends at once. Answers how to stop listening.
 */
export function stopOnSignals(terminal: StreamTerminal, first: (reason: string) => void): () => void {
  let asked = false;
  const onSignal = (signal: keyof typeof ENDING): void => {
    const { reason, code } = ENDING[signal];
    // The terminal is put in order by its own listener.
    if (asked) process.exit(code);
    asked = true;
    // Where the terminal is gone there is nobody to tell.
    if (signal !== 'SIGHUP') process.stderr.write('\nstopping (once more to end at once)\n');
    first(reason);
  };
  for (const signal of Object.keys(ENDING)) process.on(signal, onSignal);
  const { onInterrupt } = terminal;
  terminal.onInterrupt = () => onSignal('SIGINT');
  return () => {
    terminal.onInterrupt = onInterrupt;
    for (const signal of Object.keys(ENDING)) process.off(signal, onSignal);
  };
}

/** A promise that a program leaves behind and that fails later is told, and takes nobody with it. */
export function surviveRejections(log: LogSink): void {
  process.on('unhandledRejection', cause => {
    log.log('error', `a promise was rejected and nobody handled it: ${toTroupeError(cause).message}`);
  });
}
