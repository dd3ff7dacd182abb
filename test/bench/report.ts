/** Results as lines of JSON, as tables for people and as tables for documents. */
import Table from 'cli-table3';
import { type Beside, reached, type Result, type Spread } from './result.ts';

/** One line; rivals stand under their names, and `ratio` is of the only one where there is only one. */
export function jsonLine({ name, machine, figures, unit, beside }: Result): string {
  const rivals = Object.fromEntries(beside.map(rival => [rival.name, rival.figures.median]));
  const ratio =
    beside.length === 1
      ? { ratio: beside[0].ratio.median }
      : beside.length > 1
        ? { ratios: Object.fromEntries(beside.map(rival => [rival.name, rival.ratio.median])) }
        : {};
  return JSON.stringify({ name, machine, value: figures.median, unit, ...rivals, ...ratio });
}

export interface Report {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What was measured of us alone. */
export function ownReport(results: readonly Result[]): Report {
  return {
    head: ['name', 'machine', 'what', 'median', 'least', 'most', 'target', ''],
    rows: results.map(({ name, machine, what, figures, unit, target, atLeast, doubt }) => [
      name,
      machine,
      what,
      `${figures.median} ${unit}`,
      String(figures.least),
      String(figures.most),
      target === undefined ? '' : `${atLeast ? '>=' : '<='} ${target}`,
      target === undefined ? '' : (doubt ?? verdict(figures.median, target, atLeast)),
    ]),
  };
}

/** A line for each rival; figures with their spread. */
export function besideReport(results: readonly Result[]): Report {
  return {
    head: ['name', 'what', 'ours', 'beside', 'theirs', 'ratio', 'target', ''],
    rows: results.flatMap(({ name, what, figures, unit, beside }) =>
      beside.map((rival: Beside) => [
        name,
        what,
        `${spread(figures)} ${unit}`,
        rival.name,
        `${spread(rival.figures)} ${unit}`,
        spread(rival.ratio),
        rival.target === undefined ? '' : `>= ${rival.target}`,
        rival.target === undefined ? '' : verdict(rival.ratio.median, rival.target, true),
      ]),
    ),
  };
}

/** For terminals. */
export function asTable({ head, rows }: Report): string {
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  for (const row of rows) table.push([...row]);
  return table.toString();
}

/** For documents. */
export function asMarkdown({ head, rows }: Report): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** A line for each result that has something to add. */
export function notesOf(results: readonly Result[]): string[] {
  return results.flatMap(({ name, machine, note }) => (note === undefined ? [] : [`${name} ${machine}: ${note}`]));
}

function spread({ median, least, most }: Spread): string {
  return least === most ? String(median) : `${median} (${least} .. ${most})`;
}

function verdict(value: number, target: number, atLeast: boolean): string {
  return reached(value, target, atLeast) ? 'reached' : 'not reached';
}
