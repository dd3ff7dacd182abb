/** Operations of `io` on single keys. */
import { TroupeError } from '../errors.ts';
import { operation, type OperationDefinition } from './capability.ts';
import { guarded } from './guarded.ts';
import { boolean, number, optional, options, word } from './parameters.ts';
import { servicesOf } from './services.ts';
import { TerminalInput } from './terminal_input.ts';
import { TerminalUse } from './terminal_use.ts';

const MILLISECONDS = optional(number('milliseconds'), Number.POSITIVE_INFINITY);

export const keyOperations: { readonly [name: string]: OperationDefinition } = {
  raw_mode: operation({
    summary:
      "Input key by key and without echo, or by lines again; options ctrl_c: 'cancel' (default: the program is asked to end) or 'key', ctrl_z: 'suspend' (default) or 'key'; UNAVAILABLE where the input is no terminal",
    args: [
      optional(boolean('on'), true),
      options(
        optional(word('ctrl_c', ['cancel', 'key']), 'cancel'),
        optional(word('ctrl_z', ['suspend', 'key']), 'suspend'),
      ),
    ],
    ...guarded('io.read', 'stdin'),
    mode: 'async',
    run: async (context, _settings, [on, { ctrl_c, ctrl_z }]) => {
      await TerminalUse.of(context).setRaw(on ? { ctrlC: ctrl_c, ctrlZ: ctrl_z } : undefined);
      return true;
    },
  }),
  read_key: operation({
    summary:
      'The next key, {key, ctrl, alt, shift, text?}, waiting at most so many milliseconds: nothing when the time is over; NOT_FOUND at the end of input',
    args: [MILLISECONDS],
    ...guarded('io.read', 'stdin'),
    mode: 'async',
    run: async (context, _settings, [most]) => {
      const key = await TerminalInput.of(servicesOf(context).terminal).readKey(context.clock, most);
      if (key === undefined) return endOfInput('io.read_key');
      return key === null ? null : { ...key };
    },
  }),
};

export function endOfInput(operation: string): never {
  throw new TroupeError(`${operation}: end of input`, { kind: 'NOT_FOUND', retryable: false });
}
