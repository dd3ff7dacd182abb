/** Rows under a head, without borders; on a terminal no line is longer than it is wide. */
import Table from 'cli-table3';
import type pc from 'picocolors';
import { escapeControls } from '../logger.ts';

export interface Column {
  readonly head: string;
  readonly align?: 'right';
  /** Cut only where no other column is longer than its head any more. */
  readonly kept?: boolean;
}

/** Characters between two columns. */
const GAP = 2;
const NO_BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' '.repeat(GAP),
};

/** `width`: characters in a line; undefined: any number. What programs have named cannot steer the terminal. */
export function showTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
  { dim }: Pick<ReturnType<typeof pc.createColors>, 'dim'>,
): string {
  const cells = rows.map(row => row.map(escapeControls));
  const colWidths = width === undefined ? [] : fittingWidths(columns, cells, width);
  const table = new Table({
    chars: NO_BORDERS,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    head: columns.map(({ head }) => dim(head)),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    colWidths,
  });
  table.push(...cells);
  const lines = table.toString().split('\n');
  return `${lines.map(line => line.trimEnd()).join('\n')}\n`;
}

/** As wide as their longest cell; where that is too much the widest are cut first, `kept` ones last. */
function fittingWidths(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): number[] {
  const widths = columns.map(({ head }, i) => rows.reduce((most, row) => Math.max(most, row[i].length), head.length));
  let over = widths.reduce((sum, one) => sum + one + GAP, -GAP) - width;
  for (const kept of [false, true]) {
    while (over > 0) {
      let widest = -1;
      columns.forEach((column, i) => {
        if ((column.kept ?? false) !== kept || widths[i] <= column.head.length) return;
        if (widest < 0 || widths[i] > widths[widest]) widest = i;
      });
      if (widest < 0) break;
      widths[widest]--;
      over--;
    }
  }
  return widths;
}
