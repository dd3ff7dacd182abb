import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { codeFrame } from '../../runtime/dev/code_frame.ts';
import { textWidth } from '../../runtime/capabilities/text_width.ts';

const test = suite('dev code frame');

const frame = (text: string, line: number, column: number): string => codeFrame(text, { line, column });

test('the line that is meant stands among its neighbours, with a mark under the column', () => {
  assert.is(
    frame('one\ntwo\nthree\nfour\nfive\nsix', 4, 3),
    ['  2 | two', '  3 | three', '> 4 | four', '    |   ^', '  5 | five', ''].join('\n'),
  );
});

test('numbers are as wide as the widest', () => {
  const text = Array.from({ length: 12 }, (_, i) => `line ${i + 1}`).join('\n');
  assert.is(
    frame(text, 9, 1),
    ['   7 | line 7', '   8 | line 8', '>  9 | line 9', '     | ^', '  10 | line 10', ''].join('\n'),
  );
});

test('at the ends of a text there are fewer lines, and none where there is no such line', () => {
  assert.is(frame('only', 1, 1), '> 1 | only\n    | ^\n');
  assert.is(frame('', 1, 1), '> 1 |\n    | ^\n');
  assert.is(frame('one\n', 2, 1), '  1 | one\n> 2 |\n    | ^\n');
  assert.is(frame('one', 2, 1), '');
  assert.is(frame('one', 0, 1), '');
});

test('a column beyond the line stands at its end, one before it at its start', () => {
  assert.is(frame('abc', 1, 99), '> 1 | abc\n    |    ^\n');
  assert.is(frame('abc', 1, 0), '> 1 | abc\n    | ^\n');
});

test('line ends of other systems are line ends', () => {
  assert.is(frame('one\r\ntwo\r\nthree', 2, 2), '  1 | one\n> 2 | two\n    |  ^\n  3 | three\n');
});

test('the mark stands under its character, whatever is before it', () => {
  for (const before of ['\t\t', '漢字', '👍 ', 'e\u0301', '\u001b[31m', '\u202e']) {
    const lines = frame(`${before}X rest`, 1, before.length + 1).split('\n');
    const column = textWidth(lines[0].slice(0, lines[0].indexOf('X')));
    assert.is(textWidth(lines[1].slice(0, lines[1].indexOf('^'))), column, JSON.stringify(before));
  }
});

test('a text cannot steer the terminal', () => {
  const shown = frame('a\u001b[2Jb\u0007\u009bc\nx', 1, 2);
  for (const control of ['\u001b', '\u0007', '\u009b']) assert.not(shown.includes(control));
});

test('of a line that a machine wrote a part is shown, the place in it', () => {
  const text = `${'a'.repeat(5_000)}X${'b'.repeat(5_000)}`;
  const lines = frame(text, 1, 5_001).split('\n');
  assert.ok(lines.every(line => line.length < 150));
  assert.is(lines[0].indexOf('X'), lines[1].indexOf('^'));
  assert.match(frame(`${'👍'.repeat(3_000)}X`, 1, 6_001), /X/);
  assert.not.match(frame(`${'👍'.repeat(3_000)}X`, 1, 6_001), /[\ud800-\udbff](?![\udc00-\udfff])/);
});

test('colours mark the line and the column', () => {
  const paint = (name: string) => (text: string | number | null | undefined) => `<${name}>${text}</${name}>`;
  const colors = { red: paint('red'), dim: paint('dim') } as never;
  assert.is(
    codeFrame('x', { line: 1, column: 1 }, colors),
    '<red>></red> <dim>1 |</dim> x\n  <dim>  |</dim> <red>^</red>\n',
  );
});

test.run();
