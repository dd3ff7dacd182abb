/** What a function fails with whose `result` is an error, by the type of the error. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Payload } from '../../runtime/machine.ts';
import { parseWit } from '../../machines/wasm/functions/wit.ts';
import { echoFunction, echoModule } from './canonical_echo.ts';
import { failure, run, start, wat } from './start.ts';

const test = suite('wit functions that fail');

const WIT = `
  enum kind { not-found, odd }
  record text-kind { message: string, kind: string, retryable: bool, code: s32 }
  record full { message: string, kind: kind, retryable: option<bool>, details: option<record-details> }
  record record-details { path: string }
  record plain { code: s32, why: string }
  variant failure { timeout, conflict(string), other(s32) }
  text: func(a: result<u8, string>) -> result<u8, string>;
  text-kind: func(a: result<_, text-kind>) -> result<_, text-kind>;
  full: func(a: result<string, full>) -> result<string, full>;
  plain: func(a: result<string, plain>) -> result<string, plain>;
  variant: func(a: result<string, failure>) -> result<string, failure>;
  enum: func(a: result<option<u8>, kind>) -> result<option<u8>, kind>;
  number: func(a: result<string, u64>) -> result<string, u64>;
  nothing: func(a: result<string>) -> result<string>;
  neither: func(a: result) -> result;
  nested: func(a: list<result<u8, string>>) -> list<result<u8, string>>;`;

const functions = parseWit(WIT);
const runtime = await start(
  functions.map(
    ({ name }) => `{name: ${name}, kind: function.wasm, source: file://m.wasm, method: ${name}, wit: file://m.wit}`,
  ),
  {
    'm.wasm': wat(echoModule(functions.map(({ name, params }) => echoFunction(name, params[0].type)))),
    'm.wit': WIT,
  },
);
test.after(() => runtime.stop());

test('ok is the value', async () => {
  const cases: [string, Payload, Payload][] = [
    ['text', { ok: 5 }, 5],
    ['text-kind', 'ok', null],
    ['text-kind', { ok: null }, null],
    ['full', { ok: 'x' }, 'x'],
    ['enum', { ok: null }, null],
    ['enum', 'ok', null],
    ['enum', { ok: 7 }, 7],
    ['neither', 'ok', null],
  ];
  for (const [name, given, value] of cases) assert.is(await run(runtime, name, [given]), value, name);
});

test('an error is what the function fails with', async () => {
  const other = { kind: 'UNKNOWN', retryable: undefined, details: undefined };
  const path = { path: 'a.b' };
  const cases: [string, Payload, object][] = [
    ['text', 'not-found', { ...other, message: 'not-found' }],
    [
      'text-kind',
      { message: 'm', kind: 'RATE_LIMITED', retryable: true, code: 5 },
      { message: 'm', kind: 'RATE_LIMITED', retryable: true, details: { code: 5 } },
    ],
    [
      'text-kind',
      { message: 'm', kind: 'mine', retryable: false, code: 5 },
      { message: 'm', kind: 'UNKNOWN', retryable: false, details: { code: 5, kind: 'mine' } },
    ],
    [
      'full',
      { message: 'm', kind: 'not-found', retryable: null, details: path },
      { message: 'm', kind: 'NOT_FOUND', retryable: undefined, details: path },
    ],
    ['full', { message: 'm', kind: 'odd' }, { ...other, message: 'm', details: { kind: 'odd' } }],
    ['plain', { code: 5, why: 'w' }, { ...other, message: 'plain failed', details: { error: { code: 5, why: 'w' } } }],
    ['variant', 'timeout', { ...other, message: 'timeout', kind: 'TIMEOUT', details: { error: 'timeout' } }],
    [
      'variant',
      { conflict: 'c' },
      { ...other, message: 'conflict: c', kind: 'CONFLICT', details: { error: { conflict: 'c' } } },
    ],
    ['variant', { other: 3 }, { ...other, message: 'other', details: { error: { other: 3 } } }],
    ['enum', 'odd', { ...other, message: 'odd', details: { error: 'odd' } }],
    ['number', 2n ** 60n, { ...other, message: 'number failed', details: { error: 2n ** 60n } }],
    ['nothing', null, { ...other, message: 'nothing failed' }],
    ['neither', null, { ...other, message: 'neither failed' }],
  ];
  for (const [name, given, wanted] of cases) {
    const { message, kind, retryable, details } = await failure(run(runtime, name, [{ err: given }]));
    assert.equal({ message, kind, retryable, details }, { retryable: undefined, details: undefined, ...wanted }, name);
  }
});

test('inside of other values a result is a map, and fails nothing', async () => {
  const list = [{ ok: 1 }, { err: 'e' }];
  assert.equal(await run(runtime, 'nested', [list]), list);
  assert.match(
    (await failure(run(runtime, 'nested', [[{ no: 1 }]]))).message,
    'must be a case, {ok: ...} or {err: ...}, got "no"',
  );
});

test('an instance goes on after an error', async () => {
  for (let i = 0; i < 100; i++) {
    assert.match((await failure(run(runtime, 'text', [{ err: `e${i}` }]))).message, `e${i}`);
    assert.is(await run(runtime, 'text', [{ ok: i }]), i);
  }
});

test.run();
