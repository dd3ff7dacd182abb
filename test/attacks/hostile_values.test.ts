/** Values that run code of their maker when they are read: getters, proxies, toJSON and the like. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { contained, failure, trusted } from './contained.ts';

const test = suite('attack: hostile values');

const VALUES = `const traps = new Proxy({}, { get: () => () => { throw new Error('trap'); } });
const revoked = (() => { const made = Proxy.revocable({}, {}); made.revoke(); return made.proxy; })();
const hostile: { [name: string]: any } = {
  throws: { get a() { throw new Error('getter'); } },
  proxied: new Proxy({ a: 1 }, traps), array: new Proxy([1], traps), revoked,
  endless: new Proxy([], { get: (_, key) => key === 'length' ? 2 ** 32 - 1 : 1 }),
  json: { toJSON() { throw new Error('toJSON'); }, toString() { throw new Error('toString'); }, [Symbol.toPrimitive]() { throw new Error('primitive'); } },
  changing: (() => { let n = 0; return { get a() { return n++ === 0 ? 1 : () => {}; } }; })(),
  keys: new Proxy({}, { ownKeys: () => ['a', 'b'], getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }) }),
  instance: Object.setPrototypeOf({ a: 1 }, new Proxy({}, traps)), error: Object.assign(new Error('x'), { details: new Proxy({}, traps) }),
  bytes: Object.setPrototypeOf({ length: 1e9 }, Uint8Array.prototype), forged: Object.create(Object.getPrototypeOf(Bytes.from('x'))),
  cycle: (() => { const a: any = {}; a.a = a; return a; })(), deep: (() => { let a: any = {}; for (let i = 0; i < 1000; i++) a = { a }; return a; })(),
};
`;

test('control: plain values go through', async () => {
  for (const where of [contained, trusted]) {
    assert.equal(
      await where(
        `self.send(self.pid, 'x', { a: [1, { b: Bytes.from('x') }] }); return (yield* self.receive()).payload.a[0];`,
      ),
      1,
    );
  }
});

test('sent, given as arguments, kept as context or returned they are refused or copied, and everything goes on', async () => {
  const seen = await contained(
    `${VALUES}
    const results: { [name: string]: string } = {};
    for (const [name, value] of Object.entries(hostile)) {
      const sent: any = self.send(self.pid, 'x', value);
      if (sent === true) yield* self.receive();
      const outcomes = [sent === true ? 'sent' : sent.kind, tried(() => self.spawn('child', undefined, value)), tried(() => self.withContext({ value })), tried(() => self.withMessage('x', value)),
        tried(() => frozen(value)), tried(() => self.json.encode(value))];
      self.send(self.pid, 'after', name);
      if ((yield* self.receive()).payload !== name) return 'a message was lost after ' + name;
      results[name] = String(outcomes[0]);
    }
    return results;`.replace('self.json', 'self.capability("json")'),
    { child: '' },
    { imports: ['json'] },
  );
  for (const name of [
    'throws',
    'proxied',
    'array',
    'revoked',
    'endless',
    'instance',
    'forged',
    'cycle',
    'deep',
    'bytes',
  ])
    assert.is(seen[name], 'INVALID', name);
  assert.equal([seen.changing, seen.keys], ['sent', 'sent']);
});

test('what they do in the middle of a copy does not get into it, nor into the mailbox twice', async () => {
  const seen = await contained(`
    const inner: any[] = [];
    const value = { first: 1, get middle() {
      self.send(self.pid, 'nested', { deep: { get more() { inner.push(self.send(self.pid, 'innermost', [1, 2, 3])); return 'm'; } }, long: 'x'.repeat(300) });
      try { self.send(self.pid, 'bad', () => {}); } catch {}
      return 2;
    }, last: [3] };
    self.send(self.pid, 'outer', value, value);
    const got: any[] = [];
    for (let message = self.tryReceive(); message !== undefined; message = self.tryReceive()) got.push([message.topic, message.payload]);
    return got;`);
  const nested = { deep: { more: 'm' }, long: 'x'.repeat(300) };
  const copy = { first: 1, middle: 2, last: [3] };
  assert.equal(seen, [
    ['innermost', [1, 2, 3]],
    ['nested', nested],
    ['innermost', [1, 2, 3]],
    ['nested', nested],
    ['outer', [copy, copy]],
  ]);
});

test('a copy that a getter sends from within does not lift the limit of what contains it', async () => {
  const error = await failure(`
    const shared: any[] = new Array(1000).fill(0);
    const level = (of: any): any[] => new Array(1000).fill(of);
    const big = level(level(shared));
    const parts: any = {};
    for (let i = 0; i < 20; i++) Object.defineProperty(parts, 'p' + i, { enumerable: true, get() { self.send(self.pid, 'x', 1); return big; } });
    const sent: any = self.send(self.pid, 'big', parts);
    if (sent !== true) throw sent;`);
  assert.match(error.message, /larger than 512 MiB/);
});

test('texts and PIDs that are objects are refused before anybody else has them', async () => {
  const seen = await contained(
    `
    const text: any = { toString: () => 'x', valueOf: () => 'x', charCodeAt: () => 1, includes: () => true, startsWith: () => false, length: 1, [Symbol.toPrimitive]: () => 'x' };
    const child = self.spawnMonitored('child');
    const refused = [() => self.cancel(child, text), () => self.cancel(text), () => self.terminate(text), () => self.send(text, 'x'), () => self.send(child, text), () => self.spawn(text), () => self.spawn('child', text),
      () => self.withName(text), () => self.withMessage(text), () => self.registry.register(text), () => self.registry.register('x', text), () => self.registry.lookup(text), () => self.monitor(text), () => self.link(text),
      () => self.listen(text), () => self.upgrade(text), () => self.exec(text)].map(act => { const result: any = tried(act); return result?.kind === undefined ? String(result) : result.kind; });
    self.setOptions({ trapLinks: text });
    return [refused, self.options().trapLinks];`,
    { child: 'yield* self.receive();' },
  );
  assert.is(seen[1], true);
  for (const [i, refused] of seen[0].entries())
    assert.match(refused, /^(refused: |INVALID|NOT_FOUND|\[object)/, `${i}: ${refused}`);
});

test.run();
