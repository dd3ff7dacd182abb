/** Operations of `io` on single keys. */
import { TroupeError } from '../errors.ts';
import type { Payload } from '../payload/payload.ts';
import { booleanArgument, numberArgument, optionsArgument, wordArgument } from './arguments.ts';
import type { OperationDefinition } from './capability.ts';
import { guarded } from './guarded.ts';
import { servicesOf } from './services.ts';
import { TerminalInput } from './terminal_input.ts';
import { TerminalUse } from './terminal_use.ts';

export const keyOperations: { readonly [name: string]: OperationDefinition } = {
  raw_mode: {
    summary:
      "Input key by key and without echo, or by lines again; options ctrl_c: 'cancel' (default: the program is asked to end) or 'key', ctrl_z: 'suspend' (default) or 'key'; UNAVAILABLE where the input is no terminal",
    args: ['on?', 'options?'],
    ...guarded('io.read', 'stdin'),
    mode: 'async',
    run: async (context, _settings, args) => {
      const operation = 'io.raw_mode';
      const on = booleanArgument(args[0], operation, 'on', true);
      const options = optionsArgument(args[1], operation, ['ctrl_c', 'ctrl_z']);
      const ctrlC = wordArgument(options.ctrl_c, operation, 'ctrl_c', ['cancel', 'key'], 'cancel');
      const ctrlZ = wordArgument(options.ctrl_z, operation, 'ctrl_z', ['suspend', 'key'], 'suspend');
      await TerminalUse.of(context).setRaw(on ? { ctrlC, ctrlZ } : undefined);
      return true;
    },
  },
  read_key: {
    summary:
      'The next key, {key, ctrl, alt, shift, text?}, waiting at most so many milliseconds: nothing when the time is over; NOT_FOUND at the end of input',
    args: ['milliseconds?'],
    ...guarded('io.read', 'stdin'),
    mode: 'async',
    run: async (context, _settings, args) => {
      const limit = limitArgument(args[0], 'io.read_key');
      const key = await TerminalInput.of(servicesOf(context).terminal).readKey(context.clock, limit);
      if (key === undefined) throw endOfInput('io.read_key');
      return key === null ? null : { ...key };
    },
  },
};

/** Milliseconds; for ever where none are given. */
export function limitArgument(value: Payload, operation: string): number {
  return value === undefined || value === null
    ? Number.POSITIVE_INFINITY
    : numberArgument(value, operation, 'milliseconds');
}

export function endOfInput(operation: string): TroupeError {
  return new TroupeError(`${operation}: end of input`, { kind: 'NOT_FOUND', retryable: false });
}
