/** Reading or changing what belongs to another process of the same program, or of another one, through what both share. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run, type WorldOptions } from '../typescript/world.ts';
import { contained, HEAD, programOf, trusted } from './contained.ts';

const test = suite('attack: data of other processes');

/** Runs the entry `spy` twice, one after the other: what the first leaves is what the second looks for. */
const TWICE = `return [yield* self.exec('spy', undefined, 'leave'), yield* self.exec('spy', undefined, 'look')];`;

test('control: trusted programs share the global object of their thread', async () => {
  const spy = `const global: any = globalThis; if (args[0] === 'leave') { global.troupeTestSecret = 'secret'; return 'left'; }
    const found = global.troupeTestSecret; delete global.troupeTestSecret; return found;`;
  assert.equal(await trusted(TWICE, { spy }), ['left', 'secret']);
});

/** What a program can write to, and read again: each gives a place that both processes may have in common. */
const PLACES: readonly (readonly [string, string, string?])[] = [
  ['the global object', 'globalThis'],
  ['an intrinsic', 'Array.prototype'],
  ['a module of the host', 'sdk'],
  ['a class of the SDK', 'TroupeError'],
  ['a function of the SDK', 'defineProcess'],
  ['its own body', 'main'],
  ['the prototype of its body', 'main.prototype'],
  ['a function of the module', 'helper'],
  ['the prototype of a function of the module', 'helper.prototype'],
  ['a class of the module', 'Helper'],
  ['the prototype of a class of the module', 'Helper.prototype'],
  ['a method of it', 'Helper.prototype.method'],
  ['a literal of the module', 'record'],
  ['a list of the module', 'list'],
  ['a nested function of a literal', 'nested.deep.fn'],
  ['the strings of a tagged template', '((strings: any) => strings)`x`'],
  ['what frozen answered', 'cold'],
  ['Bytes of the module', 'bytes'],
  ['a regular expression of the module', 'pattern'],
  ['a map of the module', 'map'],
  ['the class of a capability', 'Object.getPrototypeOf(self.time)'],
  ['an operation of a capability', 'self.time.now'],
  ['the prototype of self', 'Object.getPrototypeOf(self)'],
  ['a method of self', 'self.send'],
  ['self', 'self'],
  ['its context', 'self.context'],
  ['a command', 'self.receive()'],
  ['the answer of a command that waits', '(self.receive() as any).next().value'],
  ['the iterator of Bytes', 'Object.getPrototypeOf(Bytes.from("x")[Symbol.iterator]())'],
  ['the constructor of self', '(self as any).constructor'],
  ['a function of EventKind', 'EventKind'],
  ['the function that gives modules', '__troupe_module'],
  ['a denied function', 'setTimeout'],
  ['the console', 'console'],
  ['Math', 'Math'],
];

function spyOn(place: string): string {
  return `import * as sdk from 'troupe/sdk';
import { Bytes, defineProcess, EventKind, frozen, TroupeError } from 'troupe/sdk';
declare const __troupe_module: any;
const record = { a: 1 }; const list = [1]; const nested = { deep: { fn() {} } }; const pattern = /a/g; const map = new Map(); const cold: any = frozen({ a: 1 }); const bytes = Bytes.from('x');
function helper() {} class Helper { method() {} }
function* main(self: any, how: string): any {
  const place: any = ${place};
  if (how === 'look') {
    const found = [place?.secret, typeof place?.get === 'function' && place instanceof Map ? place.get('secret') : undefined, place instanceof RegExp ? (place.lastIndex || undefined) : undefined, Array.isArray(place) ? place[5] : undefined];
    return found.filter(one => one !== undefined);
  }
  try { place.secret = 'secret'; } catch {}
  try { Object.defineProperty(place, 'secret', { value: 'secret', configurable: true }); } catch {}
  try { if (place instanceof Map) place.set('secret', 'secret'); } catch {}
  try { if (place instanceof RegExp) place.test('aaa'); } catch {}
  try { if (Array.isArray(place)) place[5] = 'secret'; } catch {}
  return 'left';
}
export default defineProcess(main);`;
}

for (const [what, place] of PLACES) {
  test(`nothing is found in ${what}`, async () => {
    const world = { main: programOf(TWICE), spy: spyOn(place) };
    assert.equal(await run(world, 'main', [], { imports: ['time'] }), ['left', []]);
  });
}

test('nor in a module that keeps no other state, whose functions are all that it shares', async () => {
  // Evaluated once for all of its processes: what they share is frozen all the way down.
  for (const place of [
    'main',
    'main.prototype',
    'helper',
    'helper.prototype',
    'Helper',
    'Helper.prototype',
    'Helper.prototype.method',
    'inner()',
    'named',
  ]) {
    const spy = `import { defineProcess } from 'troupe/sdk';
function helper() {} class Helper { method() {} } const inner = () => helper; const named = function own() { return own; };
function* main(self: any, how: string): any {
  const place: any = ${place};
  if (how === 'look') return place.secret === undefined ? 'nothing' : place.secret;
  try { Object.defineProperty(place, 'secret', { value: 'secret', configurable: true }); } catch {}
  return 'left';
}
export default defineProcess(main);`;
    assert.equal(await run({ main: programOf(TWICE), spy }, 'main'), ['left', 'nothing'], place);
  }
});

test('handlers share no functions that can be written to', async () => {
  const main = `${HEAD}export default defineProcess({
    init(self) { self.send(self.pid, 'a'); return { found: [] as unknown[] }; },
    on: { a: function own(this: any, self: any, state: any) {
      state.found.push((own as any).secret, typeof (own as any).prototype, this);
      tried(() => { (own as any).secret = 's'; }); tried(() => { (own as any).prototype.secret = 's'; });
      return self.done([state.found[0] === undefined, Object.isFrozen(own), state.found[2] === undefined, ((own as any).prototype?.secret) === undefined]);
    } },
  });`;
  const again = programOf(`yield* self.exec('main'); return yield* self.exec('main');`);
  assert.equal(await run({ main, again }, 'again'), [true, true, true, true]);
});

test('machines share a description that cannot be changed, and each has a context of its own', async () => {
  const machine = `import { createMachine } from 'xstate';
    const description = createMachine({ context: { list: [] as string[] }, initial: 'a', entry: ({ context, self, system }: any) => {
        const shared: any[] = [description, description.root, description.config, (description.config as any).context, description.root.states.a, description.implementations, self.logic, Object.getPrototypeOf(self), Object.getPrototypeOf(system)];
        context.list.push(...shared.map(one => String(one?.secret)));
        for (const one of shared) { try { one.secret = 'secret'; } catch {} try { Object.defineProperty(one, 'secret', { value: 's', configurable: true }); } catch {} }
      },
      states: { a: { type: 'final' } }, output: ({ context }: any) => context.list });
    export default description;`;
  const main = programOf(`yield* self.exec('machine'); return [...new Set(yield* self.exec('machine'))];`);
  const options: WorldOptions = { kinds: { machine: 'process.xstate' } };
  assert.equal(await run({ main, machine }, 'main', [], options), ['undefined']);
});

test('a shared regular expression keeps no place of another process', async () => {
  const spy = `const results = []; for (let i = 0; i < 3; i++) results.push(/a/g.test('ab')); return [...results, (RegExp as any).$1, (RegExp as any).lastMatch, typeof (/x/ as any).compile];`;
  assert.equal(await contained(`/(sec)ret/.test('secret'); return yield* self.exec('spy');`, { spy }), [
    true,
    true,
    true,
    null,
    null,
    'undefined',
  ]);
});

test('nobody holds the record that the kernel keeps of a process', async () => {
  const seen = await contained(
    `
    const pid = self.spawnMonitored('child', undefined, self.pid);
    const message = yield* self.receive();
    const event = yield* self.events().receive();
    const held = [message, event, self, self.inbox(), self.receive(), self.channel(1), self.registry, self.withName('x'), self.after('1h'), self.time, self.exec('child', undefined, self.pid)];
    const found: string[] = [];
    const visit = (value: any, path: string, depth: number): void => {
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null || depth > 4) return;
      for (const key of Reflect.ownKeys(value)) {
        if (/^(linked|scheduler|table|extras|machine|output|waits|more|sender|body|process|program|imports|definition|run|settings|deployed)$/.test(String(key))) found.push(path + '.' + String(key));
        const property = Object.getOwnPropertyDescriptor(value, key)!;
        if ('value' in property) visit(property.value, path + '.' + String(key), depth + 1);
      }
    };
    for (const [i, one] of held.entries()) visit(one, String(i), 0);
    return found;`,
    { child: 'self.send(args[0], "x", { a: 1 }); return { b: 2 };' },
    { imports: ['time'] },
  );
  assert.equal(seen, []);
});

test.run();
