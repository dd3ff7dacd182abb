import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeKey, type Key } from '../../runtime/capabilities/terminal_key.ts';

const test = suite('keys');

/** All keys of what came, at once. */
function keysOf(bytes: Buffer): Key[] {
  const keys: Key[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { key, length } = decodeKey(bytes.subarray(at), true)!;
    assert.ok(length > 0 && at + length <= bytes.length, `${length} of ${bytes.length - at} bytes`);
    keys.push(key);
    at += length;
  }
  return keys;
}

/** `ctrl+alt+a`; what it types behind a slash. */
function shown({ key, ctrl, alt, shift, text, sequence }: Key): string {
  const held = [ctrl && 'ctrl', alt && 'alt', shift && 'shift', key].filter(part => part !== false).join('+');
  return held + (text === undefined ? '' : `/${text}`) + (sequence === undefined ? '' : `?${JSON.stringify(sequence)}`);
}

const E = '\u001b';
const CASES: readonly (readonly [string, string])[] = [
  ['a', 'a/a'],
  ['A', 'shift+a/A'],
  ['?', '?/?'],
  [' ', 'space/ '],
  ['\u00fc', '\u00fc/\u00fc'],
  ['\u65e5', '\u65e5/\u65e5'],
  ['\u{1f600}', '\u{1f600}/\u{1f600}'],
  ['\r', 'enter'],
  ['\n', 'enter'],
  ['\t', 'tab'],
  ['\u007f', 'backspace'],
  ['\u0000', 'ctrl+space'],
  ['\u0001', 'ctrl+a'],
  ['\u0003', 'ctrl+c'],
  ['\u0008', 'ctrl+h'],
  ['\u001c', 'ctrl+\\'],
  ['\u001f', 'ctrl+_'],
  [E, 'escape'],
  [`${E}a`, 'alt+a'],
  [`${E}A`, 'alt+shift+a'],
  [`${E}\u007f`, 'alt+backspace'],
  [`${E}\u0001`, 'ctrl+alt+a'],
  [`${E}\u00fc`, 'alt+\u00fc'],
  [`${E}[`, 'alt+['],
  [`${E}O`, 'alt+shift+o'],
  [`${E}[A`, 'up'],
  [`${E}OA`, 'up'],
  [`${E}[1;5C`, 'ctrl+right'],
  [`${E}[1;2D`, 'shift+left'],
  [`${E}[1;3B`, 'alt+down'],
  [`${E}[1;9B`, 'alt+down'],
  [`${E}[1;8A`, 'ctrl+alt+shift+up'],
  [`${E}${E}[A`, 'alt+up'],
  [`${E}[a`, 'shift+up'],
  [`${E}Oa`, 'ctrl+up'],
  [`${E}[H`, 'home'],
  [`${E}OH`, 'home'],
  [`${E}[1~`, 'home'],
  [`${E}[7~`, 'home'],
  [`${E}[4~`, 'end'],
  [`${E}[F`, 'end'],
  [`${E}[2~`, 'insert'],
  [`${E}[3~`, 'delete'],
  [`${E}[3;5~`, 'ctrl+delete'],
  [`${E}[3$`, 'shift+delete'],
  [`${E}[3^`, 'ctrl+delete'],
  [`${E}[3@`, 'ctrl+shift+delete'],
  [`${E}[5~`, 'page_up'],
  [`${E}[6~`, 'page_down'],
  [`${E}[Z`, 'shift+tab'],
  [`${E}OP`, 'f1'],
  [`${E}[11~`, 'f1'],
  [`${E}[[A`, 'f1'],
  [`${E}[15~`, 'f5'],
  [`${E}[24;2~`, 'shift+f12'],
  [`${E}[34~`, 'f20'],
  [`${E}OM`, 'enter'],
  [`${E}Oq`, '1/1'],
  [`${E}[97;5u`, 'ctrl+a'],
  [`${E}[13;2u`, 'shift+enter'],
  [`${E}[27;5;105~`, 'ctrl+i'],
  [`${E}[I`, 'focus_in'],
  [`${E}[O`, 'focus_out'],
  [`${E}[200~`, 'paste'],
  [`${E}[99~`, `unknown?"\\u001b[99~"`],
  [`${E}[<0;3;4M`, `unknown?"\\u001b[<0;3;4M"`],
  [`${E}[?2026;1$y`, `unknown?"\\u001b[?2026;1$y"`],
  [`${E}[55296u`, `unknown?"\\u001b[55296u"`],
];

for (const [sequence, expected] of CASES) {
  test(`${JSON.stringify(sequence)} is ${expected}`, () => {
    assert.equal(keysOf(Buffer.from(sequence)).map(shown), [expected]);
  });
}

test('Escape twice is twice Escape', () => {
  assert.equal(keysOf(Buffer.from(E + E)).map(shown), ['escape', 'escape']);
  assert.equal(keysOf(Buffer.from(`${E}${E}a`)).map(shown), ['escape', 'alt+a']);
});

test('what is no UTF-8 is the mark for that, byte by byte, and hides nothing behind it', () => {
  const keys = keysOf(
    Buffer.from([0xff, 0x61, 0xc3, 0x28, 0xe2, 0x82, 0xed, 0xa0, 0x80, 0x62, 0xf5, 0x80, 0x80, 0x80]),
  );
  assert.equal(
    keys.map(key => key.text),
    [
      '\ufffd',
      'a',
      '\ufffd',
      '(',
      '\ufffd',
      '\ufffd',
      '\ufffd',
      '\ufffd',
      '\ufffd',
      'b',
      ...'\ufffd\ufffd\ufffd\ufffd',
    ],
  );
});

test('a sequence that does not end is given up, and is not waited for', () => {
  const endless = Buffer.from(`${E}[${'1;'.repeat(1000)}`);
  assert.is(decodeKey(endless, false)?.key.key, 'unknown');
});

test('a key is the same however it is cut: where more could come, no beginning of it is a key', () =>
  fc.assert(
    fc.property(fc.constantFrom(...CASES.filter(([s]) => s !== E && s !== `${E}[` && s !== `${E}O`)), ([sequence]) => {
      const bytes = Buffer.from(sequence);
      for (let cut = 1; cut < bytes.length; cut++) {
        assert.is(decodeKey(bytes.subarray(0, cut), false), undefined, `${cut} bytes`);
      }
      assert.equal(decodeKey(bytes, false), decodeKey(bytes, true));
    }),
  ));

test('whatever comes is taken apart into keys, without end and without loss', () =>
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constantFrom(0x1b, 0x5b, 0x4f, 0x3b, 0x31, 0x7e, 0x24), fc.integer({ min: 0, max: 255 })), {
        minLength: 1,
      }),
      bytes => {
        assert.ok(keysOf(Buffer.from(bytes)).length > 0);
      },
    ),
  ));

test.run();
