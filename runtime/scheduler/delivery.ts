import { mailboxFull, mailboxHeavy } from '../catalogue.ts';
import type { TroupeError } from '../errors.ts';
import type { Message } from '../message.ts';
import { type Process, ProcessState } from './process.ts';
import type { Scheduler } from './scheduler.ts';

/** A message from a process here, or from outside. */
export function deliver(scheduler: Scheduler, target: Process, message: Message): TroupeError | undefined {
  const arriving = target.extras?.arriving;
  if (arriving === undefined || !arriving.batch.awaits(scheduler.index)) {
    return deliverHere(scheduler, target, message);
  }
  const { host } = target.linked;
  if (arriving.isOver(host)) {
    scheduler.deadLetters++;
    return mailboxFull(target.pid, host.mailbox);
  }
  scheduler.hold(arriving, { source: scheduler.index, message });
  return undefined;
}

/** Put a message in a live local process's mailbox and make it runnable if it waits for one. */
export function deliverHere(scheduler: Scheduler, target: Process, message: Message): TroupeError | undefined {
  if (target.first === undefined && target.extras === undefined && message.bytes === 0) {
    target.first = message;
  } else {
    if (message.bytes !== 0 && target.rare.heldBytes + message.bytes > target.linked.host.mailboxBytes) {
      scheduler.deadLetters++;
      return mailboxHeavy(target.pid, target.linked.host.mailboxBytes);
    }
    const limit = target.linked.host.mailbox;
    if (target.waiting >= limit) {
      scheduler.deadLetters++;
      return mailboxFull(target.pid, limit);
    }
    target.append(message);
  }
  if (target.state === ProcessState.Idle) scheduler.enqueue(target);
  else if (target.state === ProcessState.Running) target.state = ProcessState.RunningWoken;
  return undefined;
}
