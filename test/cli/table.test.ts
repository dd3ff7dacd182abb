import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Column, showTable } from '../../runtime/cli/table.ts';

const test = suite('tables');
const plain = { dim: (text: string | number | null | undefined) => String(text) };

const COLUMNS: readonly Column[] = [
  { head: 'PID', kept: true },
  { head: 'ENTRY' },
  { head: 'N', align: 'right' },
  { head: 'NAMES' },
];

const ROWS = [
  ['{app:host|0x00001}', 'app:some.long.entry.name', '7', 'a b c d e f g h i j k l m n o p q r s t'],
  ['{app:host|0x00002}', 'app:x', '12345', ''],
];

test('without a width nothing is cut', () => {
  assert.is(
    showTable(COLUMNS, ROWS, undefined, plain),
    'PID                 ENTRY                         N  NAMES\n' +
      '{app:host|0x00001}  app:some.long.entry.name      7  a b c d e f g h i j k l m n o p q r s t\n' +
      '{app:host|0x00002}  app:x                     12345\n',
  );
});

test('no line is longer than the width, and a PID is cut last', () => {
  for (const width of [120, 80, 60, 45, 40]) {
    const lines = showTable(COLUMNS, ROWS, width, plain).trimEnd().split('\n');
    for (const line of lines) assert.ok(line.length <= width, `${line.length} of ${width}: ${line}`);
    assert.ok(lines[1].startsWith('{app:host|0x00001} '), lines[1]);
    assert.match(lines[2], /12345|…/);
  }
});

test('a cell stays on its line and cannot steer the terminal', () => {
  const text = showTable([{ head: 'A' }, { head: 'B' }], [['x\ny\u001b[2J', 'b\r\u202e']], 80, plain);
  assert.is(text, 'A              B\nx\\ny\\u001b[2J  b\\r\\u202e\n');
});

test.run();
