/**
 * Questions to supervisors and their answers: signals and messages of the runtime's own, on topics that no program can
 * write, so that who gets one knows where it comes from.
 */
import { notASupervisor } from '../catalogue.ts';
import type { TroupeError } from '../errors.ts';
import type { Payload } from '../machine.ts';
import { Message } from '../message.ts';
import type { Process } from '../scheduler/process.ts';
import { askSignal } from './signal.ts';

export const QUESTION_TOPIC = '@question';
export const ANSWER_TOPIC = '@answer';

/** Ask a supervisor by PID; the answer is a message on `ANSWER_TOPIC`, an error where it is one. NOT_FOUND. */
export function ask(process: Process, pid: string, question: Payload): TroupeError | undefined {
  return process.linked.scheduler.signalTo(pid, askSignal(process.pid, question));
}

/** Who waited may have ended meanwhile. */
export function answer(process: Process, pid: string, value: Payload): void {
  process.linked.scheduler.sendAs(process.pid, pid, ANSWER_TOPIC, value, 1);
}

export function onAsk(process: Process, from: string, question: Payload): void {
  const { scheduler, entry } = process.linked;
  if (entry.kind === 'process.supervisor') {
    scheduler.deliverHere(process, new Message(QUESTION_TOPIC, from, question, 1));
  } else answer(process, from, notASupervisor(process.pid));
}
