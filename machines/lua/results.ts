/** What host functions leave behind: a value, or nil and an error (semantics section 5). */
import type { TroupeError } from '../../runtime/errors.ts';
import type { Answer } from '../../runtime/machine.ts';
import type { Engine } from './engine.ts';

export function pushFailure(engine: Engine, L: number, error: TroupeError): number {
  engine.vm.pushNil(L);
  engine.writer.pushError(L, error);
  return 2;
}

/** `true`, or nil and the error. */
export function pushDone(engine: Engine, L: number, error: TroupeError | undefined): number {
  if (error !== undefined) return pushFailure(engine, L, error);
  engine.vm.pushBoolean(L, true);
  return 1;
}

export function pushAnswer(engine: Engine, L: number, answer: Answer): number {
  if (answer.error !== undefined) return pushFailure(engine, L, answer.error);
  engine.writer.push(L, answer.value);
  return 1;
}
