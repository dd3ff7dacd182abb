import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { envCapability } from '../../runtime/capabilities/env.ts';
import { capabilityDefinitions } from '../../runtime/capabilities/index.ts';
import { jsonCapability } from '../../runtime/capabilities/json.ts';
import { randomCapability } from '../../runtime/capabilities/random.ts';
import { storeCapability } from '../../runtime/capabilities/store.ts';
import { timeCapability } from '../../runtime/capabilities/time.ts';
import { TroupeError } from '../../runtime/errors.ts';
import { MemoryStore } from '../../runtime/store.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { Caller, NOON, refusal, stillClock } from './call.ts';

const test = suite('capabilities over values');
const time = (operation: string, ...args: Payload[]) => new Caller().call(timeCapability, {}, operation, ...args);
const json = (operation: string, ...args: Payload[]) => new Caller().call(jsonCapability, {}, operation, ...args);

test('every capability needs no settings and is known by its own name', () => {
  for (const [name, definition] of capabilityDefinitions) {
    assert.is(definition.name, name);
    assert.ok(definition.settings.safeParse({}).success, name);
    assert.not(definition.settings.safeParse({ no_such_setting: 1 }).success, name);
  }
});

test('by default only what cannot reach outside is granted', () => {
  for (const name of [
    ...['json', 'logger', 'random', 'store', 'time', 'ctx', 'funcs'],
    ...['uuid', 'base64', 'hash', 'text', 'registry', 'security', 'events'],
  ]) {
    assert.is(capabilityDefinitions.get(name)?.grantedByDefault, true, name);
  }
  for (const name of ['env', 'fs', 'http_client', 'io', 'crypto'])
    assert.is(capabilityDefinitions.get(name)?.grantedByDefault, false, name);
});

test('the clock is told in seconds and in nanoseconds', async () => {
  assert.is(await time('unix'), NOON / 1e3);
  assert.is(await time('monotonic'), 0n);
  assert.is(await time('now'), BigInt(NOON) * 1_000_000n);
});

test('times are written and read as RFC 3339', async () => {
  assert.is(await time('format'), '2026-01-02T03:04:05.250Z');
  assert.is(await time('format', 0), '1970-01-01T00:00:00Z');
  assert.is(await time('parse', '2026-01-02T04:04:05.25+01:00'), NOON / 1e3);
  assert.is(await time('parse', '2024-02-29 00:00:00z'), Date.UTC(2024, 1, 29) / 1e3);
  for (const text of ['2026-01-02', '2026-02-29T00:00:00Z', '2026-13-01T00:00:00Z', 'now', '2026-01-02T03:04:05']) {
    assert.is((await refusal(time('parse', text))).kind, 'INVALID', text);
  }
  assert.is((await refusal(time('format', 1e15))).kind, 'INVALID');
});

test('a point in time survives being written and read', () =>
  fc.assert(
    fc.asyncProperty(fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }), async milliseconds => {
      const text = await time('format', milliseconds / 1e3);
      assert.is(await time('parse', text), milliseconds / 1e3);
    }),
  ));

test('durations are nanoseconds or text; sleeping zero or less is refused', async () => {
  assert.is(await time('parse_duration', '1h30m'), 5.4e12);
  assert.is(await time('sleep', '5ms'), 5);
  assert.is(await time('sleep', 2_000_000), 2);
  assert.is(await time('sleep', 2_000_000n), 2);
  assert.equal(await refusal(time('sleep', '0s')), {
    kind: 'INVALID',
    message: 'time.sleep: duration must be longer than zero',
  });
  assert.match((await refusal(time('sleep', '5'))).message, 'write it like "5ms"');
  assert.match((await refusal(time('sleep'))).message, 'time.sleep: duration must be a finite number, got nothing');
});

test('JSON text is the same as JavaScript writes it', () =>
  fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.integer({ min: 0, max: 4 }), async (value, indent) => {
      const text = await json('encode', value as Payload, { indent });
      assert.is(text, JSON.stringify(value, undefined, indent));
      assert.equal(await json('decode', text), JSON.parse(text as string));
    }),
  ));

test('what JSON lacks: 64-bit integers are digits, errors objects, bytes and NaN refused with their path', async () => {
  assert.is(await json('encode', { n: 9_007_199_254_740_993n, gone: undefined }), '{"n":9007199254740993}');
  assert.is(
    await json('encode', [new TroupeError('no', { kind: 'TIMEOUT', retryable: true })]),
    '[{"message":"no","kind":"TIMEOUT","retryable":true}]',
  );
  assert.match((await refusal(json('encode', { a: [1, new Uint8Array(1)] }))).message, 'value.a[1] is bytes');
  assert.match((await refusal(json('encode', { a: Number.NaN }))).message, 'value.a is NaN');
  assert.is((await refusal(json('decode', '{"a":'))).kind, 'INVALID');
  assert.equal(Object.keys((await json('decode', '{"__proto__":{"x":1}}')) as object), ['__proto__']);
});

test('random numbers keep their bounds', async () => {
  const least = new Caller({}, stillClock([0]));
  const most = new Caller({}, stillClock([1 - 2 ** -53]));
  assert.is(await least.call(randomCapability, {}, 'integer', -3, 3), -3);
  assert.is(await most.call(randomCapability, {}, 'integer', -3, 3), 3);
  assert.is(await most.call(randomCapability, {}, 'integer', 5, 5), 5);
  assert.match((await refusal(most.call(randomCapability, {}, 'integer', 3, 1))).message, 'most must be between 3');
  assert.equal(await most.call(randomCapability, {}, 'bytes', 3), new Uint8Array([255, 255, 255]));
  assert.is(await most.call(randomCapability, {}, 'uuid'), 'ffffffff-ffff-4fff-bfff-ffffffffffff');
  assert.is(await least.call(randomCapability, {}, 'uuid'), '00000000-0000-4000-8000-000000000000');
});

test('env gives only the variables that the host names', async () => {
  const caller = new Caller({ environment: { HOME: '/home/ada', SECRET: 'x' } });
  const settings = { names: ['HOME', 'UNSET', 'toString'] };
  assert.is(await caller.call(envCapability, settings, 'get', 'HOME'), '/home/ada');
  assert.is(await caller.call(envCapability, settings, 'get', 'UNSET'), null);
  assert.is(await caller.call(envCapability, settings, 'get', 'toString'), null);
  const refused = await refusal(caller.call(envCapability, settings, 'get', 'SECRET'));
  assert.is(refused.kind, 'PERMISSION_DENIED');
  assert.match(refused.message, 'test:host does not allow "SECRET"');
});

test('the store keeps values that nobody shares, by namespace', async () => {
  const caller = new Caller();
  const value = { list: [1, 'two'], bytes: new Uint8Array([3]) };
  await caller.call(storeCapability, {}, 'set', 'a/1', value);
  value.list.push('later');
  const first = (await caller.call(storeCapability, {}, 'get', 'a/1')) as { list: unknown[] };
  first.list.push('mine');
  assert.equal(await caller.call(storeCapability, {}, 'get', 'a/1'), { list: [1, 'two'], bytes: new Uint8Array([3]) });
  await caller.call(storeCapability, {}, 'set', 'b', 0);
  await caller.call(storeCapability, {}, 'set', 'a/0', null);
  assert.equal(await caller.call(storeCapability, {}, 'list', 'a/'), ['a/0', 'a/1']);
  assert.equal(await caller.call(storeCapability, {}, 'list'), ['a/0', 'a/1', 'b']);
  assert.is(await caller.call(storeCapability, { namespace: 'other' }, 'get', 'b'), null);
  assert.is(await caller.call(storeCapability, {}, 'delete', 'b'), true);
  assert.is(await caller.call(storeCapability, {}, 'delete', 'b'), false);
  assert.is(await caller.call(storeCapability, {}, 'get', 'b'), null);
});

test('a full store refuses new keys and takes new values of old ones', async () => {
  const caller = new Caller();
  const set = (key: string, value: number) => caller.call(storeCapability, { max_keys: 1 }, 'set', key, value);
  await set('a', 1);
  await set('a', 2);
  assert.is((await refusal(set('b', 1))).kind, 'RATE_LIMITED');
  await caller.call(storeCapability, {}, 'delete', 'a');
  await set('b', 1);
  assert.is(await caller.call(storeCapability, {}, 'get', 'b'), 1);
});

test('a value with a time to live is gone after it', async () => {
  let now = 0;
  const clock = { ...stillClock(), now: () => now };
  const caller = new Caller({ store: new MemoryStore(clock) }, clock);
  const store = (operation: string, ...args: Payload[]) =>
    caller.call(storeCapability, { max_keys: 2 }, operation, ...args);
  await store('set', 'short', 1, 2);
  await store('set', 'text', 1, '1m');
  assert.is(await store('has', 'short'), true);
  assert.is((await refusal(store('set', 'third', 1))).kind, 'RATE_LIMITED');
  now = 2000;
  assert.is(await store('has', 'short'), false);
  assert.is(await store('get', 'short'), null);
  assert.is(await store('delete', 'short'), false);
  await store('set', 'third', 1, 0);
  assert.equal(await store('list'), ['text', 'third']);
  now = 60_000;
  assert.equal(await store('list'), ['third']);
  for (const ttl of [-1, 'soon', {}]) assert.is((await refusal(store('set', 'x', 1, ttl))).kind, 'INVALID');
});

test('what expired makes room, so that a full store does not stay full', async () => {
  let now = 0;
  const clock = { ...stillClock(), now: () => now };
  const caller = new Caller({ store: new MemoryStore(clock) }, clock);
  for (let i = 0; i < 500; i++) {
    now = i * 1000;
    await caller.call(storeCapability, { max_keys: 100 }, 'set', `key${i}`, i, 10);
  }
  assert.is(((await caller.call(storeCapability, {}, 'list')) as string[]).length, 10);
});

test('all variables that the host names are listed', async () => {
  const caller = new Caller({ environment: { A: '1', B: '2', C: undefined } });
  assert.equal(await caller.call(envCapability, { names: ['A', 'C', 'D'] }, 'get_all'), { A: '1' });
});

test.run();
