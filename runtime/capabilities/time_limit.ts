/**
 * Work that somebody else's input could keep busy for ever, under a limit: the virtual machine's own timer, which is the
 * one thing that can stop a regular expression. It costs some fifty microseconds, so only what could be costly goes here.
 */
import { createContext, Script } from 'node:vm';

/** Milliseconds; the timer is not exact below fifty. */
export const LONGEST_WORK = 250;

const box: { work: (() => unknown) | undefined } = { work: undefined };
let guard: (() => unknown) | undefined;

/**
 * What `work` answers; throws what it throws, and an error with the code `ERR_SCRIPT_EXECUTION_TIMEOUT` where it took
 * longer than `LONGEST_WORK`. It is stopped anywhere, so it must hold nothing that others see.
 */
export function withinLimit<T>(work: () => T): T {
  if (guard === undefined) {
    const context = createContext(box);
    const script = new Script('work()');
    guard = () => script.runInContext(context, { timeout: LONGEST_WORK });
  }
  box.work = work;
  try {
    return guard() as T;
  } finally {
    box.work = undefined;
  }
}

/** Whether this is what `withinLimit` threw because the limit was reached. */
export function tookTooLong(thrown: unknown): boolean {
  return (thrown as { code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}
