/** Calls that reach a capability: `troupe:time`, `troupe:log`, `env`, and the generic ones of all the others. */
import { TroupeError } from '../../../runtime/errors.ts';
import type { BoundCapability } from '../../../runtime/capabilities/capability.ts';
import type { BoundOperation, Payload } from '../../../runtime/machine.ts';
import type { Guest, HostCall, HostCalls, Running } from './guest.ts';
import { guestFrames } from './trap.ts';

const NANOSECONDS = 1e6;

/** `troupe:time`: clock and sleep with plain numbers. */
export function timeCalls(running: Running, time: BoundCapability): HostCalls {
  const { now, unix, sleep } = time.operations;
  return {
    now: () => BigInt(readNumber(running.guest, now)),
    unix: () => Number(readNumber(running.guest, unix)),
    sleep(milliseconds) {
      const guest = running.guest;
      if (guest.isResuming()) return guest.finishCode();
      const result = guest.operate(sleep, [milliseconds * NANOSECONDS]);
      return result instanceof TroupeError ? guest.results.refuse(result) : 0;
    },
  };
}

/** A clock has no error code to answer with: a denied or broken one ends the process. */
function readNumber(guest: Guest, operation: BoundOperation): number | bigint {
  guest.read.charge();
  const result = guest.operate(operation, []);
  if (typeof result === 'number' || typeof result === 'bigint') return result;
  throw result instanceof TroupeError ? result : new TroupeError(`${operation.name} gave no number`);
}

/** `troupe:log`: a level for each name. */
export function logCalls(running: Running, logger: BoundCapability): HostCalls {
  const calls: HostCalls = {};
  for (const level of ['debug', 'info', 'warn', 'error']) {
    const operation = logger.operations[level];
    calls[level] = (message: number, messageLength: number, fields: number, fieldsLength: number) => {
      const guest = running.guest;
      const text = guest.read.text(message, messageLength, 'the message');
      if (text === undefined) return guest.refused();
      const map = guest.read.map(fields, fieldsLength, 'the fields');
      if (map === undefined) return guest.refused();
      const result = guest.operate(operation, fieldsLength === 0 ? [text] : [text, map]);
      return result instanceof TroupeError ? guest.results.refuse(result) : 0;
    };
  }
  return calls;
}

/** `troupe:<capability>` `<operation>`: arguments as a list in, the result as a payload out. */
export function operationCall(running: Running, operation: BoundOperation): HostCall {
  return (args: number, argsLength: number, area: number, capacity: number) => {
    const guest = running.guest;
    if (guest.isResuming()) return guest.finish(area, capacity);
    const list = guest.read.list(args, argsLength, 'the arguments');
    if (list === undefined) return guest.refused();
    const result = guest.operate(operation, list);
    if (result === undefined) return 0;
    return result instanceof TroupeError ? guest.results.refuse(result) : guest.give(result, area, capacity);
  };
}

/** `troupe:<capability>` `start_<operation>`: the answer comes as a record. */
export function startOperationCall(running: Running, operation: BoundOperation): HostCall {
  return (tag: number, args: number, argsLength: number) => {
    const guest = running.guest;
    const list = guest.read.list(args, argsLength, 'the arguments');
    if (list === undefined) return guest.refused();
    const open = guest.openTag(tag);
    if (open === undefined) return guest.refused();
    const result: Payload | TroupeError = guest.out.invoke(open, operation, list);
    guest.chargeWork();
    if (result !== undefined) guest.answerNow(tag, result);
    return 0;
  };
}

/** What AssemblyScript's library imports. `random` is there where the capability is. */
export function envCalls(running: Running, random: BoundCapability | undefined): HostCalls {
  const calls: HostCalls = {
    abort(message, file, line, column) {
      const { memory } = running.guest.loaded;
      const text = memory.utf16(message) ?? 'abort';
      const name = memory.utf16(file);
      const place = name === undefined ? undefined : `${name}:${line >>> 0}:${column >>> 0}`;
      const { stack } = guestFrames(`abort: ${text}`, new Error().stack, running.guest.functionName);
      throw new TroupeError(text, { kind: 'INTERNAL', place, stack });
    },
  };
  if (random !== undefined) {
    const { number } = random.operations;
    calls.seed = () => Number(readNumber(running.guest, number)) * 2 ** 53;
  }
  return calls;
}
