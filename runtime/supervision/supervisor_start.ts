/**
 * The start of a supervisor by a program as a process: it ends with the supervisor's PID once that has started, or with why
 * it could not. It runs where the supervisor is to run, for whom the program acts, and so the supervisor does.
 */
import type { TroupeError } from '../errors.ts';
import { cancelProcess } from '../lifecycle/stop.ts';
import {
  type EventQueue,
  type MachineType,
  type Payload,
  ProcessEventKind,
  type StateMachine,
  type StepOutput,
  StepStatus,
  STARTED,
} from '../machine.ts';
import type { Process } from '../scheduler/process.ts';
import type { IdentifiedRequest } from '../security/identity.ts';
import { MADE_SUPERVISOR, SUPERVISOR_START } from './built_in_ids.ts';
import { endStep } from './end_step.ts';
import type { SupervisorSpecification } from './specification.ts';
import { callGivenUp } from './supervisor_errors.ts';

/** What `exec` takes to make a supervisor on `host`, for the process `maker`. */
export function startOfSupervisor(
  specification: SupervisorSpecification,
  maker: string,
  host: string,
): IdentifiedRequest {
  return { id: SUPERVISOR_START, host, args: [specification as unknown as Payload, maker], isBuiltIn: true };
}

class SupervisorStart implements StateMachine {
  #args: readonly Payload[] = [];
  #supervisor: string | undefined;

  init(_method: string, args: readonly Payload[]): void {
    this.#args = args;
  }

  step(events: EventQueue, out: StepOutput): StepStatus {
    // The runtime's own machines see the kernel's side of a process.
    const process = out as Process;
    if (this.#supervisor === undefined) {
      const spawned = this.#spawn(process);
      if (typeof spawned !== 'string') return endStep(out, { error: spawned });
      this.#supervisor = spawned;
    }
    for (let event = events.event(); event !== undefined; event = events.event()) {
      switch (event.kind) {
        case STARTED:
          return endStep(out, { value: this.#supervisor });
        case ProcessEventKind.EXIT:
          // Without an error it was stopped before it had started.
          return endStep(out, { error: event.result?.error ?? callGivenUp('start') });
        case ProcessEventKind.CANCEL:
          // A supervisor that nobody would know of must not stay.
          cancelProcess(process, this.#supervisor, event.reason);
          return endStep(out, { error: callGivenUp('start') });
      }
    }
    return StepStatus.Idle;
  }

  close(): void {}

  #spawn(process: Process): string | TroupeError {
    const host = process.linked.host.id;
    const request = { id: MADE_SUPERVISOR, host, args: this.#args, isBuiltIn: true, monitor: true, announce: true };
    return process.spawn(request);
  }
}

export const supervisorStartMachine: MachineType = {
  kinds: [],
  prepare: async () => ({ sha256: '', data: undefined }),
  load: () => ({ payloads: 'value', create: () => new SupervisorStart() }),
};
