/** The lines around a place, with a mark under it: for any language, since it is text that is shown. */
import pc from 'picocolors';
import { textWidth } from '../capabilities/text_width.ts';
import { escapeControls } from '../logger.ts';
import type { Place } from '../registry/entry.ts';

/** Lines before the one that is meant, and after it. */
const BEFORE = 2;
const AFTER = 1;
/** Columns that a line is shown with at most: sources that machines made can be one long line. */
const WIDEST = 120;
const TAB = '  ';

const plain = pc.createColors(false);

/**
 * Lines that end with a line feed each; empty where the text has no such line. The place counts from 1, columns in UTF-16
 * units; a column beyond the line stands at its end. Texts cannot steer the terminal.
 */
export function codeFrame(
  text: string,
  { line, column }: Pick<Place, 'line' | 'column'>,
  { red, dim } = plain,
): string {
  const lines = text.split(/\r\n|\n|\r/);
  const meant = lines[line - 1];
  if (meant === undefined) return '';
  const first = Math.max(1, line - BEFORE);
  const last = Math.min(lines.length, line + AFTER);
  const width = String(last).length;
  const at = Math.min(Math.max(column, 1), meant.length + 1) - 1;
  // All lines are cut alike, so that they stay one above the other.
  const cut = startOfCut(meant, at);
  let frame = '';
  for (let number = first; number <= last; number++) {
    const shown = withinScreen(lines[number - 1], cut);
    const gutter = `${String(number).padStart(width)} |`;
    if (number !== line) {
      frame += dim(`  ${gutter} ${shown}`.trimEnd());
    } else {
      const blanks = ' '.repeat(textWidth(shownText(meant.slice(cut, at))));
      frame += `${red('>')} ${dim(gutter)}${shown === '' ? '' : ` ${shown}`}\n`;
      frame += `  ${dim(`${' '.repeat(width)} |`)} ${blanks}${red('^')}`;
    }
    frame += '\n';
  }
  return frame;
}

/** From which character on a line is shown, so that the one that is meant is on the screen. */
function startOfCut(line: string, at: number): number {
  if (at < WIDEST) return 0;
  const start = at - WIDEST / 2;
  // Not in the middle of a character of two units.
  return /[\udc00-\udfff]/.test(line[start]) ? start - 1 : start;
}

function withinScreen(line: string, cut: number): string {
  const rest = line.slice(cut);
  return shownText(rest.length > WIDEST ? `${rest.slice(0, WIDEST - 1)}…` : rest);
}

function shownText(text: string): string {
  return escapeControls(text.replaceAll('\t', TAB));
}
