/** From a character of a YAML text to where it was written, behind quotes, escapes, indentation and folded lines. */
import type { Scalar } from 'yaml';

/** Of double-quoted text: what follows the backslash, where it is one letter that stands for another. */
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['n', '\n'],
  ['t', '\t'],
]);

/** The offset into `source`; undefined where what was written cannot be followed, as behind `\u0041`. */
export function offsetInScalar(source: string, node: Scalar, value: string, offset: number): number | undefined {
  const { range, type } = node;
  if (range === undefined || range === null) return undefined;
  let at = range[0];
  if (type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED') at = source.indexOf('\n', at) + 1;
  else if (type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE') at++;
  // At most one step for each character that was written.
  for (let i = 0; at < range[1]; ) {
    const written = source[at];
    let length = 1;
    let matches = written === value[i];
    if (type === 'QUOTE_DOUBLE' && written === '\\') {
      const meant = ESCAPES.get(source[at + 1]);
      if (meant === undefined) return undefined;
      matches = meant === value[i];
      length = 2;
    } else if (type === 'QUOTE_SINGLE' && written === "'") length = 2;
    if (matches) {
      if (i === offset) return at;
      i++;
      at += length;
    } else if (isBlank(written)) at++;
    // A line end or a space that stands for blanks that have been passed over.
    else if (i < value.length && isBlank(value[i])) {
      if (i === offset) return at;
      i++;
    } else return undefined;
    if (i === value.length && offset >= i) return at;
  }
  return undefined;
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t' || character === '\n' || character === '\r';
}
