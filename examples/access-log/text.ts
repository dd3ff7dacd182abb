/** Figures and foreign text for the terminal. */

/** `1234567` -> `1 234 567`. */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ' ');
}

export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (bytes >= 1024 && unit < units.length - 1) {
    bytes /= 1024;
    unit++;
  }
  return unit === 0 ? `${bytes} B` : `${bytes.toFixed(1)} ${units[unit]}`;
}

// Controls, and the marks that change the direction of text: a log holds what strangers sent.
// biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what it looks for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Foreign text in one line of at most `columns` characters. */
export function printable(text: string, columns: number): string {
  const clean = text.replace(UNPRINTABLE, character => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return clean.length <= columns ? clean : `${clean.slice(0, Math.max(1, columns - 1))}\u2026`;
}

/** Columns as wide as they need to be; the first is aligned left, all others right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map(row => row[column].length)));
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  ')}`.trimEnd();
  return [line(head), line(widths.map(width => '\u2500'.repeat(width))), ...rows.map(line)].join('\n');
}
