/**
 * A call of a supervisor as a process: it asks, waits, and ends with the answer. So a call can be given up, takes the
 * caller's place in nothing, and its caller can move to another thread meanwhile.
 */
import { TroupeError } from '../errors.ts';
import { SUPERVISOR_HOST } from '../hosts/host.ts';
import { ANSWER_TOPIC, ask } from '../lifecycle/ask.ts';
import { monitorProcess } from '../lifecycle/links.ts';
import {
  type EventQueue,
  type MachineType,
  type Payload,
  ProcessEventKind,
  type StateMachine,
  type StepOutput,
  StepStatus,
} from '../machine.ts';
import type { Process } from '../scheduler/process.ts';
import type { IdentifiedRequest } from '../security/identity.ts';
import { SUPERVISOR_CALL } from './built_in_ids.ts';
import { endStep } from './end_step.ts';
import type { Question } from './request.ts';
import { callGivenUp, supervisorEnded } from './supervisor_errors.ts';

/** What `exec` takes to ask a supervisor. Whether the caller may was asked before. */
export function callOfSupervisor(supervisor: string, question: Question): IdentifiedRequest {
  const args = [supervisor, question as unknown as Payload];
  return { id: SUPERVISOR_CALL, host: SUPERVISOR_HOST, args, isBuiltIn: true };
}

class SupervisorCall implements StateMachine {
  /** A PID or a name. */
  #supervisor = '';
  #question: Question | undefined;
  #isAsked = false;

  init(_method: string, [supervisor, question]: readonly Payload[]): void {
    this.#supervisor = supervisor as string;
    this.#question = question as unknown as Question;
  }

  step(events: EventQueue, out: StepOutput): StepStatus {
    // The runtime's own machines see the kernel's side of a process.
    const process = out as Process;
    if (!this.#isAsked) {
      this.#isAsked = true;
      const refused = this.#ask(process);
      if (refused !== undefined) return endStep(out, { error: refused });
    }
    for (let message = events.message(); message !== undefined; message = events.message()) {
      if (message.topic !== ANSWER_TOPIC) continue;
      const { payload } = message;
      if (payload instanceof TroupeError) return endStep(out, { error: payload });
      return endStep(out, { value: payload });
    }
    for (let event = events.event(); event !== undefined; event = events.event()) {
      if (event.kind === ProcessEventKind.EXIT) return this.#ended(out, event.result?.error);
      if (event.kind === ProcessEventKind.CANCEL) return endStep(out, { error: callGivenUp(this.#question!.verb) });
    }
    return StepStatus.Idle;
  }

  close(): void {}

  #ask(process: Process): TroupeError | undefined {
    const located = process.linked.scheduler.locate(this.#supervisor);
    if (typeof located !== 'string') return located;
    this.#supervisor = located;
    return monitorProcess(process, located) ?? ask(process, located, this.#question as unknown as Payload);
  }

  #ended(out: StepOutput, error: TroupeError | undefined): StepStatus {
    // Who stops it waits for nothing else.
    if (this.#question!.verb === 'stop') return endStep(out, { value: null });
    return endStep(out, { error: supervisorEnded(this.#supervisor, error) });
  }
}

export const supervisorCallMachine: MachineType = {
  kinds: [],
  prepare: () => Promise.reject(new TroupeError('a call has no source', { kind: 'INVALID' })),
  load: () => ({ payloads: 'value', create: () => new SupervisorCall() }),
};
