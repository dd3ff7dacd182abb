import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loggerCapability } from '../../runtime/capabilities/logger.ts';
import { TroupeError } from '../../runtime/errors.ts';
import { LineLog, type LogLevel } from '../../runtime/logger.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { Caller, refusal, stillClock } from './call.ts';

const test = suite('logger');

async function logged(
  format: 'text' | 'json',
  level: LogLevel,
  operation: string,
  ...args: Payload[]
): Promise<string> {
  let lines = '';
  const log = new LineLog({ level, format, clock: stillClock(), write: line => (lines += line) });
  await new Caller({ log }).call(loggerCapability, {}, operation, ...args);
  return lines;
}

test('a text line says when, how grave, who and what', async () => {
  assert.is(
    await logged('text', 'info', 'warn', 'low on room', { left: 3, path: '/a b', tags: ['x'], none: null }),
    '2026-01-02T03:04:05.250Z WARN  test:caller {test:host|0x00001} low on room left=3 path="/a b" tags=["x"] none=null\n',
  );
});

test('a JSON line holds the same', async () => {
  const line = await logged('json', 'info', 'error', 'no', { n: 1n, e: new TroupeError('bad', { kind: 'TIMEOUT' }) });
  assert.equal(JSON.parse(line), {
    time: '2026-01-02T03:04:05.250Z',
    level: 'error',
    message: 'no',
    id: 'test:caller',
    pid: '{test:host|0x00001}',
    fields: { n: '1', e: { message: 'bad', kind: 'TIMEOUT' } },
  });
});

test('what is below the level is dropped', async () => {
  assert.is(await logged('text', 'warn', 'info', 'x'), '');
  assert.is(
    await logged('text', 'debug', 'debug', 'x'),
    '2026-01-02T03:04:05.250Z DEBUG test:caller {test:host|0x00001} x\n',
  );
});

test('a message of another type is shown, an error as field too; fields must be an object', async () => {
  assert.match(await logged('text', 'info', 'info', { a: 1n }), '{"a":"1"}');
  assert.match(await logged('text', 'info', 'info', 'failed', new TroupeError('no room')), 'failed error="no room"');
  assert.match(
    (await refusal(logged('text', 'info', 'info', 'x', 5))).message,
    'logger.info: fields must be an object',
  );
});

test('no text can pass for another field, nor for the end of a quotation', async () => {
  const fields = async (given: { [key: string]: string }): Promise<string> =>
    (await logged('text', 'info', 'info', 'm', given)).split(' m ')[1].trimEnd();
  assert.is(await fields({ a: 'b admin=true' }), 'a="b admin=true"');
  assert.is(await fields({ a: 'b" admin="true' }), String.raw`a="b\" admin=\"true"`);
  assert.is(await fields({ a: String.raw`b\" admin="true` }), String.raw`a="b\\\" admin=\"true"`);
  assert.is(await fields({ 'a=1 admin': 'true' }), '"a=1 admin"=true');
  assert.is(await fields({ a: 'x\ny\u009b31m' }), String.raw`a="x\ny\u009b31m"`);
  assert.is(await fields({ a: 'right\u202eleft\u061c' }), String.raw`a="right\u202eleft\u061c"`);
});

test('fields of a text line can be read back, whatever they are', () =>
  fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), async fields => {
      const line = await logged('text', 'info', 'info', 'm', fields);
      const [, rest] = /^\S+ INFO {2}test:caller \S+ m(.*)\n$/.exec(line)!;
      const token = /("(?:[^"\\]|\\.)*"|[^\s"=\\]+)/y;
      const found: { [key: string]: string } = Object.create(null);
      let at = 0;
      const next = (separator: string): string => {
        assert.is(rest[at], separator, rest);
        token.lastIndex = at + 1;
        const [text] = token.exec(rest)!;
        at = token.lastIndex;
        return text.startsWith('"') ? (JSON.parse(text) as string) : text;
      };
      while (at < rest.length) {
        const key = next(' ');
        found[key] = next('=');
      }
      assert.equal(Object.entries(found), Object.entries(fields));
    }),
  ));

test('nothing logged can break its line or steer the terminal', () =>
  fc.assert(
    fc.asyncProperty(
      fc.constantFrom('text' as const, 'json' as const),
      fc.string({ unit: 'binary' }),
      fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })),
      async (format, message, fields) => {
        const line = await logged(format, 'info', 'info', `\u001b[2J${message}`, fields);
        assert.ok(line.endsWith('\n'));
        // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what it looks for
        assert.not.match(line.slice(0, -1), /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/);
        if (format === 'json') assert.equal(Object.keys(JSON.parse(line).fields), Object.keys(fields));
      },
    ),
  ));

test.run();
