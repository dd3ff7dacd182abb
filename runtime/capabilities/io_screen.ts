/**
 * Operations of `io` on the screen: its size, colours, the cursor. What steers a screen writes nothing where the output is
 * none, so that programs need not ask.
 */
import { reservedTopic } from '../catalogue.ts';
import { escapeControls } from '../logger.ts';
import type { Payload } from '../payload/payload.ts';
import { booleanArgument, integerArgument, optionalText, textArgument, wordArgument } from './arguments.ts';
import type { OperationDefinition } from './capability.ts';
import { guarded } from './guarded.ts';
import { servicesOf } from './services.ts';
import { styled } from './terminal_style.ts';
import { TerminalUse } from './terminal_use.ts';
import { textWidth } from './text_width.ts';

/** No screen is larger. */
const FARTHEST = 32767;

const CLEAR = { screen: '\u001b[2J\u001b[H', below: '\u001b[J', line: '\u001b[2K', right: '\u001b[K' } as const;

export const screenOperations: { readonly [name: string]: OperationDefinition } = {
  is_tty: {
    summary: "Whether 'output' (default) or 'error' is shown on a screen, or 'input' comes from a keyboard",
    args: ['stream?'],
    mode: 'sync',
    run: (context, _settings, args) => {
      const { terminal } = servicesOf(context);
      switch (wordArgument(args[0], 'io.is_tty', 'stream', ['output', 'error', 'input'], 'output')) {
        case 'output':
          return terminal.isTty;
        case 'error':
          return terminal.errorsAreTty;
        case 'input':
          return terminal.inputIsTty;
      }
    },
  },
  columns: {
    summary: 'Width of the output in characters, as it is now; 80 where it is no terminal',
    args: [],
    mode: 'sync',
    run: context => servicesOf(context).terminal.columns,
  },
  rows: {
    summary: 'Height of the output in lines, as it is now; 24 where it is no terminal',
    args: [],
    mode: 'sync',
    run: context => servicesOf(context).terminal.rows,
  },
  on_resize: {
    summary:
      'From now on each new size of the output comes as a message {columns, rows} on this topic, without one no more; answers the present size',
    args: ['topic?'],
    mode: 'sync',
    run: (context, _settings, args) => {
      const topic = optionalText(args[0], 'io.on_resize', 'topic');
      if (topic?.startsWith('@')) throw reservedTopic(topic);
      const use = TerminalUse.of(context);
      use.tellSizes(topic);
      return { columns: use.terminal.columns, rows: use.terminal.rows };
    },
  },
  colors: {
    summary: 'Bits of a colour of the output: 0 (none), 4, 8 or 24; NO_COLOR and FORCE_COLOR are obeyed',
    args: [],
    mode: 'sync',
    run: context => servicesOf(context).terminal.colors,
  },
  style: {
    summary:
      "A text in styles such as 'bold', 'red', 'on_bright_blue' or '#ff8800', or as it is where the output has no colours",
    args: ['text', '...'],
    mode: 'sync',
    run: (context, _settings, args) => {
      const text = textArgument(args[0], 'io.style', 'text');
      const names = args.slice(1).map(name => textArgument(name, 'io.style', 'style'));
      return styled(text, names, servicesOf(context).terminal.colors, 'io.style');
    },
  },
  escape: {
    summary: 'A foreign text for the screen: control characters, which could steer it, as visible escapes; one line',
    args: ['text'],
    mode: 'sync',
    run: (_context, _settings, args) => escapeControls(textArgument(args[0], 'io.escape', 'text')),
  },
  width: {
    summary: 'How many columns a text takes on the screen; escape sequences and marks none, wide characters two',
    args: ['text'],
    mode: 'sync',
    run: (_context, _settings, args) => textWidth(textArgument(args[0], 'io.width', 'text')),
  },
  clear: steering(
    "Clear the 'screen' (default), what is 'below' the cursor, its 'line' or what is to the 'right' of it",
    ['part?'],
    args => CLEAR[wordArgument(args[0], 'io.clear', 'part', ['screen', 'below', 'line', 'right'], 'screen')],
  ),
  move_to: steering(
    'Put the cursor at a place, both counted from 1, the left upper corner',
    ['column', 'row?'],
    args => {
      const column = integerArgument(args[0], 'io.move_to', 'column', 1, FARTHEST);
      if (args[1] === undefined || args[1] === null) return `\u001b[${column}G`;
      return `\u001b[${integerArgument(args[1], 'io.move_to', 'row', 1, FARTHEST)};${column}H`;
    },
  ),
  move_by: steering(
    'Move the cursor, to the right and down, or back and up by what is below zero',
    ['columns', 'rows?'],
    args => {
      const columns = integerArgument(args[0], 'io.move_by', 'columns', -FARTHEST, FARTHEST);
      const rows = integerArgument(args[1] ?? 0, 'io.move_by', 'rows', -FARTHEST, FARTHEST);
      return moved(columns, 'C', 'D') + moved(rows, 'B', 'A');
    },
  ),
  show_cursor: steering('Show the cursor, or hide it; it is shown when the process ends', ['visible?'], args =>
    privateMode(25, booleanArgument(args[0], 'io.show_cursor', 'visible', true)),
  ),
  alternate_screen: steering(
    'Draw on a screen of its own, or on the usual one again; that is what remains when the process ends',
    ['on?'],
    args => privateMode(1049, booleanArgument(args[0], 'io.alternate_screen', 'on', true)),
  ),
};

/** An operation that writes escape sequences, where there is a screen. */
function steering(
  summary: string,
  names: readonly string[],
  sequences: (args: readonly Payload[]) => string,
): OperationDefinition {
  return {
    summary,
    args: names,
    ...guarded('io.write', 'stdout'),
    mode: 'async',
    run: async (context, _settings, args) => {
      await TerminalUse.of(context).steer(sequences(args));
      return true;
    },
  };
}

function moved(by: number, forward: string, back: string): string {
  return by === 0 ? '' : `\u001b[${Math.abs(by)}${by > 0 ? forward : back}`;
}

function privateMode(mode: number, on: boolean): string {
  return `\u001b[?${mode}${on ? 'h' : 'l'}`;
}
