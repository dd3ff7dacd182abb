/** Errors that calls answer with often or that need no details, made once. */
import { TroupeError } from '../../../runtime/errors.ts';

export const timeLimit = new TroupeError('nothing came in the given time', { kind: 'TIMEOUT', retryable: true });

export const badLimit = invalid('the time limit must be milliseconds, 0 or more (infinity: no limit)');

export const badSources = invalid('sources must be a sum of 1 (inbox), 2 (topics), 4 (events) and 8 (answers)');

export const notAnError = invalid('the error of fail_with: an error (MessagePack extension type 1) is wanted');

export const cannotWait = invalid('a call that waits cannot be made here: the host waits for troupe_alloc itself');

/** Thrown through the guest: it cannot be stopped otherwise. */
export const tooManyCalls = new TroupeError(
  'a WebAssembly function calls more imports in one go than the host lets it: make the calls in a loop, where it can be interrupted',
  { kind: 'TIMEOUT', retryable: false },
);

export function deadlock(): TroupeError {
  return new TroupeError(
    'deadlock: select waits without a limit for what can never come; start a command first, add a source or give a limit',
    { kind: 'INTERNAL', retryable: false },
  );
}

/** A module whose only handler is `on_answer`, when nothing will be answered. */
export function idleHandlers(): TroupeError {
  return new TroupeError(
    'deadlock: on_answer is the only handler and no command is outstanding; start a command first, export another handler or exit',
    { kind: 'INTERNAL', retryable: false },
  );
}

export function notListened(topic: string): TroupeError {
  return invalid(`receive_on: nothing listens on "${topic}", so no message on it can come; call listen first`);
}

export function badAllocation(length: number, at: number): TroupeError {
  return new TroupeError(
    `troupe_alloc(${length}) answered ${at}, but ${length} bytes from there are not inside the memory; grow the memory first`,
    { kind: 'INTERNAL', place: 'troupe_alloc' },
  );
}

export function notMovable(id: string): TroupeError {
  return new TroupeError(
    `${id} cannot go on from an image: it changes tables, drops segments or has references in globals, which no image holds`,
    { kind: 'UNAVAILABLE', retryable: false },
  );
}

export function damagedImage(how: string): TroupeError {
  return invalid(`the image is damaged: ${how}`);
}

function invalid(message: string): TroupeError {
  return new TroupeError(message, { kind: 'INVALID', retryable: false });
}
