import { type ExitResult, type StepOutput, StepStatus } from '../machine.ts';

/** The last thing that a step does: its process ends with a value or an error. */
export function endStep(out: StepOutput, { value, error }: ExitResult): StepStatus {
  if (error === undefined) out.complete(value);
  else out.fail(error);
  return StepStatus.Complete;
}
