/**
 * Keys, as terminals write them: UTF-8, control characters and escape sequences (those of xterm, rxvt, the Linux console
 * and, where a program asks for it, `CSI u`).
 */

export interface Key {
  /**
   * What is on it, letters in lower case: `a`, `?`, `space`, `enter`, `tab`, `backspace`, `delete`, `insert`, `escape`, `up`,
   * `down`, `left`, `right`, `home`, `end`, `page_up`, `page_down`, `f1` to `f20`; `paste`; `focus_in`, `focus_out`; `unknown`.
   */
  readonly key: string;
  readonly ctrl: boolean;
  readonly alt: boolean;
  readonly shift: boolean;
  /** What it types; a paste as a whole. Absent where it types nothing. */
  readonly text?: string;
  /** Of `unknown`: what came. */
  readonly sequence?: string;
}

export interface ReadKey {
  readonly key: Key;
  /** How many bytes it was. */
  readonly length: number;
}

/** What follows the key `paste`, up to this, is its text. */
export const PASTE_END = '\u001b[201~';

const ESCAPE = 0x1b;
/** No sequence of a key is longer. */
const LONGEST_SEQUENCE = 64;

interface Modifiers {
  readonly ctrl?: boolean;
  readonly alt?: boolean;
  readonly shift?: boolean;
}

/**
 * The first key of some bytes, at least one; undefined where more bytes could change what it is. Where `complete` says that
 * no more come, it is what is there: an Escape, say.
 */
export function decodeKey(bytes: Buffer, complete: boolean): ReadKey | undefined {
  if (bytes[0] !== ESCAPE) return plainKey(bytes, complete);
  switch (bytes[1]) {
    case undefined:
      return complete ? read(special('escape'), 1) : undefined;
    case 0x5b:
      if (bytes.length === 2 && complete) break;
      return controlSequence(bytes, complete);
    case 0x4f:
      if (bytes.length === 2 && complete) break;
      return shiftedKey(bytes, complete);
    case ESCAPE: {
      const next = bytes[2];
      if (next === undefined && !complete) return undefined;
      // Alt and a key that is a sequence itself; otherwise somebody is hitting Escape.
      if (next !== 0x5b && next !== 0x4f) return read(special('escape'), 1);
      return withAlt(decodeKey(bytes.subarray(1), complete));
    }
  }
  return withAlt(plainKey(bytes.subarray(1), complete));
}

/** What Alt does is to put an Escape in front. */
function withAlt(found: ReadKey | undefined): ReadKey | undefined {
  if (found === undefined) return undefined;
  const { text: _, ...key } = found.key;
  return read({ ...key, alt: true }, found.length + 1);
}

function read(key: Key, length: number): ReadKey {
  return { key, length };
}

function special(key: string, { ctrl = false, alt = false, shift = false }: Modifiers = {}): Key {
  return { key, ctrl, alt, shift };
}

/** A key that types `text`, one character, unless Ctrl or Alt is held. */
function typed(text: string, { ctrl = false, alt = false, shift = false }: Modifiers = {}): Key {
  const lower = text.toLowerCase();
  const key: Key = { key: text === ' ' ? 'space' : lower, ctrl, alt, shift: shift || lower !== text };
  return ctrl || alt ? key : { ...key, text };
}

const CONTROLS: { readonly [byte: number]: Key | undefined } = {
  0: special('space', { ctrl: true }),
  9: special('tab'),
  10: special('enter'),
  13: special('enter'),
  127: special('backspace'),
};

function plainKey(bytes: Buffer, complete: boolean): ReadKey | undefined {
  const byte = bytes[0];
  if (byte < 0x20 || byte === 0x7f) {
    // Ctrl takes the upper bits of a letter away.
    return read(CONTROLS[byte] ?? special(String.fromCharCode(byte + 0x40).toLowerCase(), { ctrl: true }), 1);
  }
  const length = byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 0;
  let have = 1;
  while (have < length && (bytes[have] & 0xc0) === 0x80) have++;
  if (have < length && have === bytes.length && !complete) return undefined;
  // What is no UTF-8 becomes the mark for that, byte by byte.
  const text = have === length ? bytes.toString('utf8', 0, length) : '\ufffd';
  return text.length === 0 || [...text].length > 1
    ? read(typed('\ufffd'), 1)
    : read(typed(text), have === length ? length : 1);
}

const BY_FINAL: { readonly [final: string]: string | undefined } = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  F: 'end',
  H: 'home',
  I: 'focus_in',
  M: 'enter',
  O: 'focus_out',
  P: 'f1',
  Q: 'f2',
  R: 'f3',
  S: 'f4',
};

const BY_NUMBER: { readonly [number: number]: string | undefined } = Object.fromEntries([
  ...['home', 'insert', 'delete', 'end', 'page_up', 'page_down', 'home', 'end'].map((key, i) => [i + 1, key]),
  ...[11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 23, 24, 25, 26, 28, 29, 31, 32, 33, 34].map((n, i) => [n, `f${i + 1}`]),
  [200, 'paste'],
]);

/** Code points of keys that have a name, in `CSI u`. */
const BY_CODE: { readonly [code: number]: string | undefined } = {
  8: 'backspace',
  9: 'tab',
  13: 'enter',
  27: 'escape',
  127: 'backspace',
};

/** `ESC [ 1 ; 5 A`: parameters and the byte that ends them. */
function controlSequence(bytes: Buffer, complete: boolean): ReadKey | undefined {
  // The Linux console has a second bracket in front of F1 to F5.
  if (bytes[2] === 0x5b) {
    if (bytes.length === 3) return complete ? unknown(bytes, 3) : undefined;
    const number = bytes[3] - 0x40;
    return number >= 1 && number <= 5 ? read(special(`f${number}`), 4) : unknown(bytes, 4);
  }
  let at = 2;
  while (bytes[at] >= 0x20 && bytes[at] <= 0x3f && at < LONGEST_SEQUENCE) {
    // With rxvt this one ends a number and says Shift.
    if (bytes[at] === 0x24 && at > 2 && isDigit(bytes[at - 1]) && bytes[2] !== 0x3f) break;
    at++;
  }
  if (at === bytes.length && !complete) return undefined;
  if (at >= LONGEST_SEQUENCE || at === bytes.length) return unknown(bytes, at);
  if (bytes[at] < 0x20 || bytes[at] > 0x7e) return unknown(bytes, at);
  const key = keyOf(bytes.toString('latin1', 2, at), String.fromCharCode(bytes[at]));
  return key === undefined ? unknown(bytes, at + 1) : read(key, at + 1);
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function keyOf(parameters: string, final: string): Key | undefined {
  const numbers = parameters.split(';').map(parameter => Number(parameter.split(':')[0]));
  const modifiers = modifiersOf(numbers[1]);
  switch (final) {
    case '~': {
      // modifyOtherKeys of xterm: 27 ; modifiers ; code.
      if (numbers[0] === 27 && numbers.length === 3) return coded(numbers[2], modifiers);
      const name = BY_NUMBER[numbers[0]];
      return name === undefined ? undefined : special(name, modifiers);
    }
    case 'u':
      return coded(numbers[0], modifiers);
    case 'Z':
      return special('tab', { ...modifiers, shift: true });
    case '$':
    case '^':
    case '@': {
      const name = BY_NUMBER[numbers[0]];
      return name === undefined ? undefined : special(name, { shift: final !== '^', ctrl: final !== '$' });
    }
    case 'a':
    case 'b':
    case 'c':
    case 'd':
      return special(BY_FINAL[final.toUpperCase()]!, { shift: true });
  }
  const name = final === 'M' ? undefined : BY_FINAL[final];
  return name === undefined || !/^[\d;]*$/.test(parameters) ? undefined : special(name, modifiers);
}

/** One more than a sum: 1 Shift, 2 Alt, 4 Ctrl, 8 Meta, which is taken as Alt. */
function modifiersOf(parameter: number | undefined): Modifiers {
  const bits = parameter !== undefined && parameter > 0 ? parameter - 1 : 0;
  return { shift: (bits & 1) !== 0, alt: (bits & 10) !== 0, ctrl: (bits & 4) !== 0 };
}

function coded(code: number, modifiers: Modifiers): Key | undefined {
  const name = BY_CODE[code];
  if (name !== undefined) return special(name, modifiers);
  if (!(code >= 0x20 && code <= 0x10ffff) || (code >= 0xd800 && code <= 0xdfff)) return undefined;
  return typed(String.fromCodePoint(code), modifiers);
}

/** `ESC O`: keys of the other half of the keyboard, perhaps with modifiers before the letter. */
function shiftedKey(bytes: Buffer, complete: boolean): ReadKey | undefined {
  let at = 2;
  while (isDigit(bytes[at]) && at < LONGEST_SEQUENCE) at++;
  if (at === bytes.length) return complete ? unknown(bytes, at) : undefined;
  const final = String.fromCharCode(bytes[at]);
  const modifiers = modifiersOf(Number(bytes.toString('latin1', 2, at)));
  if (BY_FINAL[final] !== undefined) return read(special(BY_FINAL[final], modifiers), at + 1);
  // rxvt: cursor keys with Ctrl. Then the keypad, whose keys lie where their characters are, 0x40 higher.
  if (final >= 'a' && final <= 'd') return read(special(BY_FINAL[final.toUpperCase()]!, { ctrl: true }), at + 1);
  if (final >= 'j' && final <= 'y') return read(typed(String.fromCharCode(bytes[at] - 0x40), modifiers), at + 1);
  return unknown(bytes, at + 1);
}

function unknown(bytes: Buffer, length: number): ReadKey {
  const sequence = bytes.toString('latin1', 0, length);
  return read({ ...special('unknown'), sequence }, Math.min(length, bytes.length));
}
