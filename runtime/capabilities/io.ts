/**
 * `io`: the terminal. Granted by terminal hosts; another host must list it. Text is written as it is, escape sequences
 * included, since a progress bar needs them.
 */
import { z } from 'zod';
import { TroupeError } from '../errors.ts';
import { binaryOf, type Payload } from '../payload/payload.ts';
import { contentArgument, integerArgument } from './arguments.ts';
import type { CallContext, CapabilityDefinition, OperationDefinition } from './capability.ts';
import { guarded } from './guarded.ts';
import { encodeJson } from './json_text.ts';
import { servicesOf } from './services.ts';
import { endOfInput, keyOperations, limitArgument } from './io_keys.ts';
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
    write: {
      summary: 'Write texts or bytes to standard output, one after the other; waits while the output is full',
      args: ['...'],
      ...guarded('io.write', 'stdout'),
      mode: 'async',
      run: async (context, _settings, args) => {
        for (const content of args.length === 0 ? [undefined] : args) {
          await TerminalUse.of(context).write(contentArgument(content, 'io.write', 'content'));
        }
        return true;
      },
    },
    write_error: {
      summary: 'Write text or bytes to standard error; waits while it is full',
      args: ['content'],
      ...guarded('io.write', 'stderr'),
      mode: 'async',
      run: async (context, _settings, args) => {
        await TerminalUse.of(context).writeError(contentArgument(args[0], 'io.write_error', 'content'));
        return true;
      },
    },
    print: printing('print', (context, line) => TerminalUse.of(context).write(line)),
    eprint: printing('eprint', (context, line) => TerminalUse.of(context).writeError(line)),
    flush: {
      summary: 'Nothing is held back, so there is nothing to do; true',
      args: [],
      mode: 'sync',
      run: () => true,
    },
    read: {
      summary:
        'At most so many bytes (default 1024) of what there is, from a terminal of the next line, its end included; NOT_FOUND at the end',
      args: ['max_bytes?'],
      ...guarded('io.read', 'stdin'),
      mode: 'async',
      run: async (context, _settings, args) => {
        const most = integerArgument(args[0] ?? USUAL_READ, 'io.read', 'max_bytes', 1, MOST_READ);
        const piece = await inputOf(context).read(most);
        if (piece === undefined) throw endOfInput('io.read');
        return piece;
      },
    },
    input_ready: {
      summary:
        'Wait until standard input has something to read, at most so many milliseconds: how many bytes at least, 0 at its end, nothing when the time is over',
      args: ['milliseconds?'],
      ...guarded('io.read', 'stdin'),
      mode: 'async',
      run: async (context, _settings, args) => {
        const limit = limitArgument(args[0], 'io.input_ready');
        return (await inputOf(context).ready(context.clock, limit)) ?? null;
      },
    },
    readline: {
      summary: 'The next line of standard input without its line end; NOT_FOUND at the end',
      args: [],
      ...guarded('io.read', 'stdin'),
      mode: 'async',
      run: async context => {
        const line = await inputOf(context).readLine();
        if (line === undefined) throw endOfInput('io.readline');
        return line;
      },
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
  return {
    summary: `Values with tabs between them and a line end to standard ${name === 'print' ? 'output' : 'error'}`,
    args: ['...'],
    ...guarded('io.write', name === 'print' ? 'stdout' : 'stderr'),
    mode: 'async',
    run: async (context, _settings, args) => {
      await write(context, `${args.map(value => shown(value, `io.${name}`)).join('\t')}\n`);
      return true;
    },
  };
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
