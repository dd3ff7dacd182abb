/** Capabilities as objects of `self`: what was imported and granted, under camelCase names. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errorOf, run, type WorldOptions } from './world.ts';

const test = suite('capabilities');

function body(text: string, options: WorldOptions) {
  const main = `import { defineProcess } from 'troupe/sdk';\nexport default defineProcess(function* (self) {${text}});`;
  return run({ main }, 'main', [], options);
}

test('synchronous operations answer at once, with their names in camelCase', async () => {
  const result = await body(
    `return [self.time.parseDuration('1m'), self.time.format(0), typeof self.random.uuid(), self.random.integer(3, 3),
      self.time === self.time, self.capability('random') === self.random];`,
    { imports: ['time', 'random'] },
  );
  assert.equal(result, [60e9, '1970-01-01T00:00:00Z', 'string', 3, true, true]);
});

test('an operation that refuses throws, with the place of the call', async () => {
  const error = await errorOf(body(`\n  self.time.parse('yesterday');`, { imports: ['time'] }));
  assert.is(error.kind, 'INVALID');
  assert.is(error.details?.place, 'main.ts:3:13');
});

test('an asynchronous operation that refuses throws where it is waited for', async () => {
  const error = await errorOf(body(`\n  yield* self.store.get(5 as any);`, { imports: ['store'] }));
  assert.is(error.kind, 'INVALID');
  assert.match(String(error.details?.place), /^main\.ts:3:/);
});

test('arguments are copied, and what cannot be is refused by name', async () => {
  const result = await body(
    `const value = { list: [1] };
     const set = self.store.set('k', value);
     value.list.push(2);
     yield* set;
     return yield* self.store.get('k');`,
    { imports: ['store'] },
  );
  assert.equal(result, { list: [1] });
  const error = await errorOf(body(`yield* self.store.set('k', () => 1);`, { imports: ['store'] }));
  assert.match(error.message, /store\.set\[1\]: function cannot be sent/);
});

test('sleep is refused for what is no duration', async () => {
  const error = await errorOf(body(`yield* self.time.sleep('soon');`, { imports: ['time'] }));
  assert.match(error.message, /time\.sleep: "soon" is not a duration/);
});

test('a capability object does not lead out of its process', async () => {
  const result = await body(
    `return [Object.keys(self.time).length, Reflect.ownKeys(self).length, Reflect.ownKeys(self.time).length];`,
    { imports: ['time'] },
  );
  assert.equal(result, [0, 0, 0]);
});

test.run();
