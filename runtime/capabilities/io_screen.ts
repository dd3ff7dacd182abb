/**
 * Operations of `io` on the screen: its size, colours, the cursor. What steers a screen writes nothing where the output is
 * none, so that programs need not ask.
 */
import { reservedTopic } from '../catalogue.ts';
import { escapeControls } from '../logger.ts';
import { operation, type OperationDefinition } from './capability.ts';
import { guarded } from './guarded.ts';
import { type Arguments, boolean, integer, optional, type Parameter, rest, text, word } from './parameters.ts';
import { servicesOf } from './services.ts';
import { styled } from './terminal_style.ts';
import { TerminalUse } from './terminal_use.ts';
import { textWidth } from './text_width.ts';

/** No screen is larger. */
const FARTHEST = 32767;

const CLEAR = { screen: '\u001b[2J\u001b[H', below: '\u001b[J', line: '\u001b[2K', right: '\u001b[K' } as const;

export const screenOperations: { readonly [name: string]: OperationDefinition } = {
  is_tty: operation({
    summary: "Whether 'output' (default) or 'error' is shown on a screen, or 'input' comes from a keyboard",
    args: [optional(word('stream', ['output', 'error', 'input']), 'output')],
    mode: 'sync',
    run: (context, _settings, [stream]) => {
      const { isTty, errorsAreTty, inputIsTty } = servicesOf(context).terminal;
      return stream === 'output' ? isTty : stream === 'error' ? errorsAreTty : inputIsTty;
    },
  }),
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
  on_resize: operation({
    summary:
      'From now on each new size of the output comes as a message {columns, rows} on this topic, without one no more; answers the present size',
    args: [optional(text('topic'))],
    mode: 'sync',
    run: (context, _settings, [topic]) => {
      if (topic?.startsWith('@')) throw reservedTopic(topic);
      const use = TerminalUse.of(context);
      use.tellSizes(topic);
      return { columns: use.terminal.columns, rows: use.terminal.rows };
    },
  }),
  colors: {
    summary: 'Bits of a colour of the output: 0 (none), 4, 8 or 24; NO_COLOR and FORCE_COLOR are obeyed',
    args: [],
    mode: 'sync',
    run: context => servicesOf(context).terminal.colors,
  },
  style: operation({
    summary:
      "A text in styles such as 'bold', 'red', 'on_bright_blue' or '#ff8800', or as it is where the output has no colours",
    args: [rest(text('text'))],
    mode: 'sync',
    run: (context, _settings, [said = '', ...styles]) =>
      styled(said, styles, servicesOf(context).terminal.colors, 'io.style'),
  }),
  escape: operation({
    summary: 'A foreign text for the screen: control characters, which could steer it, as visible escapes; one line',
    args: [text('text')],
    mode: 'sync',
    run: (_context, _settings, [foreign]) => escapeControls(foreign),
  }),
  width: operation({
    summary: 'How many columns a text takes on the screen; escape sequences and marks none, wide characters two',
    args: [text('text')],
    mode: 'sync',
    run: (_context, _settings, [measured]) => textWidth(measured),
  }),
  clear: steering(
    "Clear the 'screen' (default), what is 'below' the cursor, its 'line' or what is to the 'right' of it",
    [optional(word('part', ['screen', 'below', 'line', 'right']), 'screen')],
    ([part]) => CLEAR[part],
  ),
  move_to: steering(
    'Put the cursor at a place, both counted from 1, the left upper corner',
    [integer('column', 1, FARTHEST), optional(integer('row', 1, FARTHEST))],
    ([column, row]) => (row === undefined ? `\u001b[${column}G` : `\u001b[${row};${column}H`),
  ),
  move_by: steering(
    'Move the cursor, to the right and down, or back and up by what is below zero',
    [integer('columns', -FARTHEST, FARTHEST), optional(integer('rows', -FARTHEST, FARTHEST), 0)],
    ([columns, rows]) => moved(columns, 'C', 'D') + moved(rows, 'B', 'A'),
  ),
  show_cursor: steering(
    'Show the cursor, or hide it; it is shown when the process ends',
    [optional(boolean('visible'), true)],
    ([visible]) => privateMode(25, visible),
  ),
  alternate_screen: steering(
    'Draw on a screen of its own, or on the usual one again; that is what remains when the process ends',
    [optional(boolean('on'), true)],
    ([on]) => privateMode(1049, on),
  ),
};

/** An operation that writes escape sequences, where there is a screen. */
function steering<const Parameters extends readonly Parameter[]>(
  summary: string,
  args: Parameters,
  sequences: (args: Arguments<Parameters>) => string,
): OperationDefinition {
  return operation({
    summary,
    args,
    ...guarded('io.write', 'stdout'),
    mode: 'async',
    run: async (context, _settings, given) => {
      await TerminalUse.of(context).steer(sequences(given as Arguments<Parameters>));
      return true;
    },
  });
}

function moved(by: number, forward: string, back: string): string {
  return by === 0 ? '' : `\u001b[${Math.abs(by)}${by > 0 ? forward : back}`;
}

function privateMode(mode: number, on: boolean): string {
  return `\u001b[?${mode}${on ? 'h' : 'l'}`;
}
