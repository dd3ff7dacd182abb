/**
 * Operations of capabilities, called by the bindings that stand in front of them. A binding can only be reached by a
 * program whose host granted the capability, since `require` gives the module to no other.
 */
import { TroupeError } from '../../../runtime/errors.ts';
import type { Payload } from '../../../runtime/machine.ts';
import type { Engine } from '../engine.ts';
import { pushFailure } from '../results.ts';
import { waitForAnswer } from './spawner.ts';

/** Push what the operation answers, or nil and the error; where it must wait, the running path does. */
export function pushOperation(
  engine: Engine,
  L: number,
  capability: string,
  name: string,
  args: readonly Payload[] | TroupeError,
): number {
  if (args instanceof TroupeError) return pushFailure(engine, L, args);
  const { process } = engine;
  const operation = process.program.modules.get(capability)!.operations[name];
  if (operation.definition.mode !== 'sync') {
    process.mustBeAbleToWait(L);
    const tag = process.nextTag();
    const refused = process.out.invoke(tag, operation, args);
    return refused instanceof TroupeError ? pushFailure(engine, L, refused) : waitForAnswer(engine, L, tag);
  }
  const answer = process.out.invoke(0, operation, args);
  process.chargeWork();
  if (answer instanceof TroupeError) return pushFailure(engine, L, answer);
  engine.writer.push(L, answer);
  return 1;
}

/** What a synchronous operation answers, or the error. */
export function callOperation(
  engine: Engine,
  capability: string,
  name: string,
  args: readonly Payload[],
): Payload | TroupeError {
  const { process } = engine;
  const answer = process.out.invoke(0, process.program.modules.get(capability)!.operations[name], args);
  process.chargeWork();
  return answer;
}
