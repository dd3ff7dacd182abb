/** What a `SuspendDriver` throws, in one place. */
import { TroupeError } from '../../../runtime/errors.ts';

export function noRoomForArea(pages: number): TroupeError {
  return new TroupeError(
    `no room for the saved stack of a WebAssembly process: its memory cannot grow by ${pages} pages (64 KiB each). ` +
      'Give the memory a larger maximum, or the process a smaller area.',
    { kind: 'UNAVAILABLE', details: { pages } },
  );
}

export function notAttached(): TroupeError {
  return new TroupeError('attach a WebAssembly instance before it is called.', { kind: 'INTERNAL' });
}

export function cannotCall(name: string, state: string, entry: string): TroupeError {
  return new TroupeError(
    state === 'broken'
      ? `'${name}' cannot be called: an earlier error went through this WebAssembly instance, make a new one.`
      : `'${name}' cannot be called: the WebAssembly instance is ${state} in '${entry}'.`,
    { kind: 'CONFLICT' },
  );
}

/** @param done what cannot be done: `resumed`, `saved` or `reset` */
export function cannotBe(done: string, state: string): TroupeError {
  return new TroupeError(`a WebAssembly call cannot be ${done}: it is ${state}.`, { kind: 'CONFLICT' });
}

export function unknownExport(name: string, known: readonly string[]): TroupeError {
  return new TroupeError(
    `the WebAssembly module has no function '${name}'. It exports ${known.length > 0 ? known.join(', ') : 'none'}.`,
    { kind: 'NOT_FOUND', retryable: false },
  );
}

export function notRunning(): TroupeError {
  return new TroupeError('only a running WebAssembly call can wait.', { kind: 'CONFLICT' });
}

export function cannotWaitWithin(): TroupeError {
  return new TroupeError(
    'a WebAssembly function that the host calls inside of another call cannot wait: the host would have to wait too.',
    { kind: 'CONFLICT', retryable: false },
  );
}

export function tookTooLong(name: string): TroupeError {
  return new TroupeError(`the WebAssembly function '${name}' took too long: it may not wait or be interrupted here.`, {
    kind: 'TIMEOUT',
    place: name,
  });
}

/** A call was killed: its fuel is spent. `stack` is that of the trap, as V8 writes it. */
export class FuelSpent extends TroupeError {
  constructor(name: string, stack: string | undefined) {
    super(
      `the WebAssembly function '${name}' was stopped: it used up the time that it had. Give it more, or let it do less.`,
      { kind: 'TIMEOUT', retryable: false, place: name, stack },
    );
  }
}

/** `stack` is that of the trap, as V8 writes it. */
export function boundlessWork(entry: string, stack: string | undefined): TroupeError {
  return new TroupeError(
    'a WebAssembly function fills, copies or grows more memory in one go than the host lets it: put a loop round ' +
      'memory.fill, memory.copy, memory.grow and the like, so that it can be interrupted there.',
    { kind: 'TIMEOUT', retryable: false, place: entry, stack },
  );
}

export function notBlocking(entry: string): TroupeError {
  return new TroupeError(
    'an import asked a WebAssembly process to wait, but was not named as blocking when the module was transformed.',
    { kind: 'INTERNAL', place: entry },
  );
}

export function grownElsewhere(): TroupeError {
  return new TroupeError(
    'the memory of a WebAssembly process was grown without its driver: call grow of the driver instead.',
    { kind: 'INTERNAL' },
  );
}

export function areaTooSmall(bytes: number, entry: string): TroupeError {
  return new TroupeError(
    `the call stack of a WebAssembly process did not fit the ${bytes} bytes that are set aside for it when it waits or ` +
      'is preempted: give it a larger area, or call less deeply.',
    { kind: 'UNAVAILABLE', retryable: false, place: entry },
  );
}

export function damagedStack(): TroupeError {
  return new TroupeError(
    'the saved stack of a suspended WebAssembly process is damaged: the program wrote outside of its own memory, or ' +
      'the stack was saved by another version of the module.',
    { kind: 'INVALID', retryable: false },
  );
}

export function foreignFrame(entry: string, stack: string | undefined): TroupeError {
  return new TroupeError(
    'a suspended WebAssembly function could not be resumed: its frame is missing or belongs to another function. The ' +
      'program wrote outside of its own memory, or replaced a table entry that it was being called through.',
    { kind: 'INVALID', retryable: false, place: entry, stack },
  );
}
