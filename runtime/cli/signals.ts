import { toTroupeError } from '../errors.ts';
import type { LogSink } from '../logger.ts';
import type { Runtime } from '../runtime.ts';

/**
 * Ctrl-C (and SIGTERM) stops the runtime in order; a second one ends at once with code 130. `first` is called instead
 * of `runtime.stop()` where something must be asked before. Answers how to stop listening.
 */
export function stopOnSignals(runtime: Runtime, first: () => void = () => void runtime.stop()): () => void {
  let asked = false;
  const onSignal = (): void => {
    if (asked) process.exit(130);
    asked = true;
    process.stderr.write('\nstopping (once more to end at once)\n');
    first();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return () => {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
}

/** A promise that a program leaves behind and that fails later is told, and takes nobody with it. */
export function surviveRejections(log: LogSink): void {
  process.on('unhandledRejection', cause => {
    log.log('error', `a promise was rejected and nobody handled it: ${toTroupeError(cause).message}`);
  });
}
