/** Changing what all objects inherit from, to be seen by other programs and by the runtime. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { contained, trusted } from './contained.ts';

const test = suite('attack: prototype pollution');

// First: where contained programs have run, nobody can.
test('control: a program of a trusted host changes what its own thread sees', async () => {
  const main = `const proto: any = Object.getPrototypeOf(function* () {});
    proto.troupeTestControl = 'seen'; const found = (function* () {} as any).troupeTestControl; delete proto.troupeTestControl; return found;`;
  assert.is(await trusted(main), 'seen');
});

/** Every prototype that a program can reach by what it has, and by what its functions and literals are made of. */
const PROTOTYPES = `const reachable = (): object[] => {
  const found = new Set<object>();
  const visit = (value: any): void => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || found.has(value)) return;
    found.add(value);
    visit(Object.getPrototypeOf(value));
    for (const key of Reflect.ownKeys(value)) {
      const property = Object.getOwnPropertyDescriptor(value, key)!;
      visit(property.value); visit(property.get); visit(property.set);
    }
  };
  for (const name of Object.getOwnPropertyNames(globalThis)) visit((globalThis as any)[name]);
  for (const one of [[], {}, '', 0, 1n, true, /x/, Symbol(), () => {}, function* () {}, Object.getPrototypeOf((function* () {})()), [][Symbol.iterator](),
    new Map()[Symbol.iterator](), new Set()[Symbol.iterator](), ''[Symbol.iterator](), 'a'.matchAll(/a/g), new Error('x'), new Uint8Array(1),
    self, self.receive(), self.inbox(), self.channel(1), self.channel(1).sending(1), self.registry, self.withName('x'), self.after('1h'), self.time, self.store,
    Bytes.from('x'), Bytes.from('x')[Symbol.iterator](), new TroupeError('x'), defineProcess, TroupeError, frozen({ a: 1 })]) visit(Object.getPrototypeOf(Object(one)));
  return [...found];
};
`;

const POLLUTE = `${PROTOTYPES}
const changed: string[] = [];
for (const target of reachable()) {
  for (const key of ['polluted', 'toString', 'then', 'constructor', Symbol.iterator, '0']) {
    const before = Reflect.getOwnPropertyDescriptor(target, key);
    tried(() => Reflect.set(target, key, () => 'polluted'));
    Reflect.defineProperty(target, key, { value: () => 'polluted', configurable: true, writable: true });
    const after = Reflect.getOwnPropertyDescriptor(target, key);
    if (after?.value !== before?.value || after?.get !== before?.get) changed.push(String(key) + ' of ' + String((target as any).constructor?.name));
  }
  if (Reflect.setPrototypeOf(target, { polluted: true }) && Object.getPrototypeOf(target)?.polluted === true) changed.push('prototype');
  if (Reflect.isExtensible(target)) changed.push('extensible: ' + Object.prototype.toString.call(target) + ' ' + String((target as any).name));
}
`;

test('no prototype that a program can reach, and nothing on the way to it, can be changed', async () => {
  const own = Object.keys(Object.prototype);
  assert.equal(await contained(`${POLLUTE} return changed;`, {}, { imports: ['time', 'store'] }), []);
  assert.equal(Object.keys(Object.prototype), own);
  assert.is(({} as { polluted?: unknown }).polluted, undefined);
});

test('nobody else sees an attempt', async () => {
  const victim = `return [typeof ({} as any).polluted, typeof ([] as any).polluted, typeof (self as any).polluted, [..."ab"].length];`;
  const main = `${POLLUTE.replaceAll('changed.push', 'void changed.push')} return yield* self.exec('victim');`;
  assert.equal(await contained(main, { victim }, { imports: ['time', 'store'] }), [
    'undefined',
    'undefined',
    'undefined',
    2,
  ]);
});

/** What a message could carry the attack in. */
const KEYS = `const forged = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 2}}, "plain": 3}');`;

test('a message, an argument, a result, a context and a state keep such keys as keys', async () => {
  const look = `(value: any) => [Object.keys(value).sort(), Object.getPrototypeOf(value) === Object.prototype, value.polluted === undefined, ({} as any).polluted === undefined]`;
  const child = `const look = ${look};
    const message = yield* self.receive();
    return [look(args[0]), look(message.payload), look(self.context.given)];`;
  const main = `${KEYS} const look = ${look};
    const pid = self.withContext({ given: forged }).withMessage('x', forged).spawnMonitored('child', undefined, forged);
    const exit = yield* self.events().receive();
    const back = yield* self.exec('returns', undefined, forged);
    return [...exit.result.value, look(back)];`;
  const seen = [['__proto__', 'constructor', 'plain'], true, true, true];
  assert.equal(await contained(main, { child, returns: 'return args[0];' }), [seen, seen, seen, seen]);
});

test.run();
