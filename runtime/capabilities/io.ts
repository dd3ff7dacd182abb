/**
 * `io`: the terminal. Granted by terminal hosts; another host must list it. Text is written as it is, escape sequences
 * included, since a progress bar needs them.
 */
import { z } from 'zod';
import { TroupeError } from '../errors.ts';
import { binaryOf, type Payload } from '../payload/payload.ts';
import { type CallContext, type CapabilityDefinition, operation, type OperationDefinition } from './capability.ts';
import { encodeJson } from './json_text.ts';
import { any, content, integer, number, optional, rest } from './parameters.ts';
import { guarded } from './guarded.ts';
import { servicesOf } from './services.ts';
import { endOfInput, keyOperations } from './io_keys.ts';
import { screenOperations } from './io_screen.ts';
import { TerminalInput } from './terminal_input.ts';
import { TerminalUse } from './terminal_use.ts';

const settings = z.strictObject({});
type IoSettings = z.infer<typeof settings>;

const USUAL_READ = 1024;
const MOST_READ = 16 * 1024 * 1024;

export const ioCapability: CapabilityDefinition<IoSettings> = {
  name: 'io',
  summary: 'Command-line arguments, terminal input and output',
  settings,
  grantedByDefault: false,
  operations: {
    args: {
      summary: "The command line after the command's name, a list of strings",
      args: [],
      mode: 'sync',
      run: context => [...servicesOf(context).terminal.args],
    },
    write: operation({
      summary: 'Write texts or bytes to standard output, one after the other; waits while the output is full',
      args: [rest(content('content'))],
      ...guarded('io.write', 'stdout'),
      mode: 'async',
      run: async (context, _settings, contents) => {
        for (const written of contents) await TerminalUse.of(context).write(written);
        return true;
      },
    }),
    write_error: operation({
      summary: 'Write text or bytes to standard error; waits while it is full',
      args: [content('content')],
      ...guarded('io.write', 'stderr'),
      mode: 'async',
      run: async (context, _settings, [written]) => {
        await TerminalUse.of(context).writeError(written);
        return true;
      },
    }),
    print: printing('print', (context, line) => TerminalUse.of(context).write(line)),
    eprint: printing('eprint', (context, line) => TerminalUse.of(context).writeError(line)),
    flush: {
      summary: 'Nothing is held back, so there is nothing to do; true',
      args: [],
      mode: 'sync',
      run: () => true,
    },
    read: operation({
      summary:
        'At most so many bytes (default 1024) of what there is, from a terminal of the next line, its end included; NOT_FOUND at the end',
      args: [optional(integer('max_bytes', 1, MOST_READ), USUAL_READ)],
      ...guarded('io.read', 'stdin'),
      mode: 'async',
      run: async (context, _settings, [most]) => (await inputOf(context).read(most)) ?? endOfInput('io.read'),
    }),
    input_ready: operation({
      summary:
        'Wait until standard input has something to read, at most so many milliseconds: how many bytes at least, 0 at its end, nothing when the time is over',
      args: [optional(number('milliseconds'), Number.POSITIVE_INFINITY)],
      ...guarded('io.read', 'stdin'),
      mode: 'async',
      run: async (context, _settings, [most]) => (await inputOf(context).ready(context.clock, most)) ?? null,
    }),
    readline: {
      summary: 'The next line of standard input without its line end; NOT_FOUND at the end',
      args: [],
      ...guarded('io.read', 'stdin'),
      mode: 'async',
      run: async context => (await inputOf(context).readLine()) ?? endOfInput('io.readline'),
    },
    read_line: {
      summary: 'The next line of standard input without its line end, or nothing at the end',
      args: [],
      ...guarded('io.read', 'stdin'),
      mode: 'async',
      run: async context => (await inputOf(context).readLine()) ?? null,
    },
    ...keyOperations,
    ...screenOperations,
  },
};

function printing(
  name: 'print' | 'eprint',
  write: (context: CallContext, line: string) => Promise<void>,
): OperationDefinition<IoSettings> {
  return operation({
    summary: `Values with tabs between them and a line end to standard ${name === 'print' ? 'output' : 'error'}`,
    args: [rest(optional(any('value')))],
    ...guarded('io.write', name === 'print' ? 'stdout' : 'stderr'),
    mode: 'async',
    run: async (context, _settings, values) => {
      await write(context, `${values.map(value => shown(value, `io.${name}`)).join('\t')}\n`);
      return true;
    },
  });
}

/** As a person would write it: texts as they are, lists and objects as JSON. */
function shown(value: Payload, operation: string): string {
  if (typeof value === 'string') return value;
  const binary = binaryOf(value);
  if (binary !== undefined) return Buffer.from(binary).toString('utf8');
  if (value instanceof TroupeError) return value.message;
  return typeof value === 'object' && value !== null ? encodeJson(value, operation, 'value') : String(value ?? 'nil');
}

function inputOf(context: CallContext): TerminalInput {
  return TerminalInput.of(servicesOf(context).terminal);
}
