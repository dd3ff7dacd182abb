/** The ABI as a module sees it: what is written down is what there is, and nothing that a guest passes does harm. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errorCode } from '../../machines/wasm/abi/codes.ts';
import { ERROR_KINDS } from '../../runtime/errors.ts';
import type { Payload } from '../../runtime/machine.ts';
import { exportOf, PROBED, probeModule } from './probe.ts';
import { failure, run, start, wat } from './start.ts';

const test = suite('wasm abi');

/** 0: "topic", 5: the list [1], 7: {"a": 1}, 11: bytes that are no UTF-8 and no MessagePack. */
const DATA = 'topic\\91\\01\\81\\a1a\\01\\c1\\ff\\c1';
const LIST = [5, 2];
const MAP = [7, 4];
const NONSENSE = [11, 3];
const PROBE = '{name: probe, kind: process.wasm, source: file://probe.wasm, imports: [time, logger, json]}';

const RESULTS = `
    (func (export "hold_and_take") (param $first i32) (param $second i32) (result i32 i32 i32)
      (call $process_pid (i32.const 100) (local.get $first))
      (call $process_take_result (i32.const 100) (local.get $second))
      (i32.load8_u (i32.const 100)))
    (func (export "error_then") (result i32 i32 i32)
      (call $process_monitor (i32.const 0) (i32.const 5))
      (call $process_last_error (i32.const 100) (i32.const 1000))
      (i32.load8_u (i32.const 100)))
    (func (export "answer_now") (result i32 i32 i32 i32)
      (call $json_start_encode (i32.const 7) (i32.const 5) (i32.const 2))
      (call $process_select (i32.const 8) (f64.const inf) (i32.const 100) (i32.const 1000))
      (i32.load (i32.const 100))
      (i32.load (i32.const 116)))
    (func (export "same_tag") (result i32 i32 i32)
      (call $process_start_timer (i32.const 3) (f64.const 1000))
      (call $process_start_timer (i32.const 3) (f64.const 1000))
      (call $process_abandon (i32.const 3))
      (call $process_start_timer (i32.const 3) (f64.const 1000)))
    (func (export "kept") (result i32 i32 i32)
      (call $process_receive (i32.const -4) (i32.const 60000))
      (call $process_take_result (i32.const 100) (i32.const 1000))
      (i32.load (i32.const 100)))`;

const runtime = await start([PROBE], { 'probe.wasm': wat(probeModule(DATA, RESULTS)) });

test.after(() => runtime.stop());

function probe(method: string, args: readonly Payload[]): Promise<Payload> {
  return run(runtime, 'probe', args, { method });
}

async function code(method: string, args: readonly Payload[]): Promise<string> {
  const result = await probe(method, args);
  const kind = ERROR_KINDS.find(one => errorCode(one) === result);
  return kind ?? String(result);
}

test('every import of the table links and is called with its types', async () => {
  // The module was accepted and linked, so each function exists; two of them as a sign of life.
  assert.is(typeof (await probe('process_pid', [100, 100])), 'number');
  assert.ok(Number(await probe('time_unix', [])) > 1.7e9);
  assert.ok(BigInt((await probe('time_now', [])) as number) > 1_700_000_000_000_000_000n);
});

test('the README has every error kind with its code', () => {
  const readme = readFileSync(new URL('../../../machines/wasm/README.md', import.meta.url), 'utf8');
  for (const kind of ERROR_KINDS) assert.match(readme, `| ${errorCode(kind)} | ${kind}`);
});

test('a result that does not fit is held for take_result', async () => {
  const [length, taken, head] = (await probe('hold_and_take', [0, 100])) as number[];
  assert.ok(length > 10);
  assert.equal([taken, head], [length, '{'.charCodeAt(0)]);
  const [whole, again] = (await probe('hold_and_take', [100, 100])) as number[];
  assert.ok(whole > 10);
  assert.is(again, errorCode('NOT_FOUND'), 'it was written at once, so nothing is held');
  assert.equal(((await probe('hold_and_take', [0, 10])) as number[]).slice(1), [errorCode('INVALID'), 0]);
});

test('last_error gives the whole error, NOT_FOUND before the first', async () => {
  assert.is(await code('process_last_error', [100, 1000]), 'NOT_FOUND');
  const [failed, length, head] = (await probe('error_then', [])) as number[];
  assert.is(failed, errorCode('NOT_FOUND'));
  assert.ok(length > 20);
  assert.ok(head >= 0xc7 && head <= 0xd8, 'an extension value');
});

test('an operation that answers at once still answers by a record', async () => {
  const [started, , kind, tag] = (await probe('answer_now', [])) as number[];
  assert.equal([started, kind, tag], [0, 4, 7]);
});

test('a tag is free again once it is abandoned, not before', async () => {
  assert.equal(await probe('same_tag', []), [0, errorCode('ALREADY_EXISTS'), 0]);
  for (const tag of [-1, 2 ** 29]) assert.is(await code('process_start_timer', [tag, 5]), 'INVALID');
});

test('a message whose area was wrong is not lost', async () => {
  const outcome = run(runtime, 'probe', [], { method: 'kept', messages: [{ topic: 'topic', payloads: [1] }] });
  const [refused, length, kind] = (await outcome) as number[];
  assert.is(refused, errorCode('INVALID'));
  assert.ok(length > 20);
  assert.is(kind, 1);
});

test('texts outside the memory or not UTF-8 are INVALID', async () => {
  for (const [at, length] of [[65_530, 10], [-1, 1], [0, -1], [65_537, 0], NONSENSE]) {
    assert.is(await code('process_monitor', [at, length]), 'INVALID');
    assert.is(await code('process_listen', [at, length]), 'INVALID');
    assert.is(await code('process_lookup', [at, length, 100, 100]), 'INVALID');
    assert.is(await code('process_send', [at, length, 0, 5, ...LIST]), 'INVALID');
    assert.is(await code('process_send', [0, 5, at, length, ...LIST]), 'INVALID');
    assert.is(await code('log_info', [at, length, 0, 0]), 'INVALID');
  }
});

test('payloads outside the memory, broken or of the wrong shape are INVALID', async () => {
  for (const payload of [[65_530, 10], [-1, 1], [0, -1], NONSENSE, [5, 1], [5, 3]]) {
    assert.is(await code('process_send', [0, 5, 0, 5, ...payload]), 'INVALID');
    assert.is(await code('process_spawn', [0, 5, 0, 0, ...payload, 100, 100]), 'INVALID');
    assert.is(await code('json_encode', [...payload, 100, 100]), 'INVALID');
    assert.is((await failure(probe('process_exit', payload))).kind, 'INVALID');
  }
  assert.is(await code('process_send_list', [0, 5, 0, 5, ...MAP]), 'INVALID');
  assert.is(await code('process_spawn', [0, 5, 0, 0, ...MAP, 100, 100]), 'INVALID');
  assert.is(await code('process_spawn_with', [...MAP, 100, 100]), 'INVALID');
  assert.is(await code('process_exec_with', [...LIST, 100, 100]), 'INVALID');
  assert.is(await code('log_warn', [0, 5, ...LIST]), 'INVALID');
});

test('areas outside the memory are INVALID', async () => {
  for (const [area, capacity] of [
    [65_536, 100],
    [-1, 100],
    [-1, -1],
  ]) {
    assert.is(await code('process_pid', [area, capacity]), 'INVALID');
    assert.is(await code('process_args', [area, capacity]), 'INVALID');
    assert.is(await code('json_encode', [...LIST, area, capacity]), 'INVALID');
  }
});

test('limits and sources that mean nothing are INVALID', async () => {
  for (const limit of [-1, Number.NaN]) {
    assert.is(await code('process_receive_timeout', [limit, 100, 100]), 'INVALID');
    assert.is(await code('process_select', [1, limit, 100, 100]), 'INVALID');
  }
  assert.is(await code('process_select', [16, 1, 100, 100]), 'INVALID');
  assert.is(await code('process_try_select', [-1, 100, 100]), 'INVALID');
  assert.is(await code('time_sleep', [0]), 'INVALID');
  assert.is(await code('process_select', [0, 1, 100, 100]), 'TIMEOUT');
  assert.is(await code('process_receive_timeout', [0, 100, 100]), 'TIMEOUT');
});

test('waiting for what can never come is a deadlock', async () => {
  for (const sources of [0, 8]) {
    const error = await failure(probe('process_select', [sources, Number.POSITIVE_INFINITY, 100, 100]));
    assert.match(error.message, 'deadlock');
  }
});

test('whatever a guest passes, a call answers with a number or ends the process in order', async () => {
  // Waits for a message that nobody sends.
  const calls = PROBED.filter(probed => probed.name !== 'receive');
  const word = fc.oneof(fc.integer({ min: -2, max: 40 }), fc.integer({ min: 65_500, max: 65_600 }), fc.integer());
  const real = fc.constantFrom(0, 1, -1, 0.5, Number.NaN);
  const cases = fc.constantFrom(...calls).chain(probed =>
    fc.record({
      name: fc.constant(exportOf(probed)),
      args: fc.tuple(...probed.signature.params.map(type => (type === 'f64' ? real : word))),
    }),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ({ name, args }) => {
      let result: unknown;
      try {
        result = await probe(name, args as number[]);
      } catch (thrown) {
        assert.is.not((thrown as { kind: string }).kind, 'INTERNAL');
        return;
      }
      assert.ok(result === null || typeof result === 'number' || typeof result === 'bigint' || name.endsWith('_exit'));
    }),
    { numRuns: 1500 },
  );
  assert.is(await code('process_pid', [65_000, 100]), String(await probe('process_pid', [0, 100])));
});

test.run();
