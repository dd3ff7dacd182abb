/**
 * `io`: the terminal. Granted by terminal hosts; another host must list it. Text is written as it is, escape sequences
 * included, since a progress bar needs them.
 */
import { z } from 'zod';
import { contentArgument } from './arguments.ts';
import type { CapabilityDefinition } from './capability.ts';
import { servicesOf } from './services.ts';

const settings = z.strictObject({});

export const ioCapability: CapabilityDefinition<z.infer<typeof settings>> = {
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
      summary: 'Write text or bytes to standard output; waits while the output is full',
      args: ['content'],
      action: 'io.write',
      mode: 'async',
      run: async (context, _settings, args) => {
        await servicesOf(context).terminal.write(contentArgument(args[0], 'io.write', 'content'));
        return null;
      },
    },
    write_error: {
      summary: 'Write text or bytes to standard error; waits while it is full',
      args: ['content'],
      action: 'io.write',
      mode: 'async',
      run: async (context, _settings, args) => {
        await servicesOf(context).terminal.writeError(contentArgument(args[0], 'io.write_error', 'content'));
        return null;
      },
    },
    read_line: {
      summary: 'The next line of standard input without its line end, or nothing at the end',
      args: [],
      action: 'io.read',
      mode: 'async',
      run: async context => (await servicesOf(context).terminal.readLine()) ?? null,
    },
    columns: {
      summary: 'Width of the output in characters; 80 where it is no terminal',
      args: [],
      mode: 'sync',
      run: context => servicesOf(context).terminal.columns,
    },
    is_tty: {
      summary: 'Whether the output is shown on a screen',
      args: [],
      mode: 'sync',
      run: context => servicesOf(context).terminal.isTty,
    },
  },
};
