/** Module state is private to each process; modules without state are evaluated once, and nobody can tell. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseModule } from '../../machines/typescript/syntax.ts';
import { withoutState } from '../../machines/typescript/shared_state.ts';
import { errorOf, run } from './world.ts';

const test = suite('module state');

const TWICE = `import { defineFunction } from 'troupe/sdk';
export default defineFunction(function* (self, ...args: unknown[]) {
  const first = yield* self.exec('subject', undefined, ...args);
  const second = yield* self.exec('subject', undefined, ...args);
  return [first, second];
});`;

function twice(subject: string, files: { [path: string]: string } = {}): Promise<unknown> {
  return run({ main: TWICE, subject: `import { defineProcess } from 'troupe/sdk';\n${subject}` }, 'main', [], {
    files,
  });
}

const stateful: { readonly [name: string]: string } = {
  'a counter': `let count = 0; export default defineProcess(() => ++count);`,
  'an object': `const state = { n: 0 }; export default defineProcess(() => ++state.n);`,
  'a list': `const seen: number[] = []; export default defineProcess(() => seen.push(1));`,
  'a map': `const seen = new Map(); export default defineProcess(() => { seen.set('n', (seen.get('n') ?? 0) + 1); return seen.get('n'); });`,
  'a static field': `class C { static n = 0; } export default defineProcess(() => ++C.n);`,
  'a property of a function': `function f() {} export default defineProcess(() => { (f as any).n = ((f as any).n ?? 0) + 1; return (f as any).n; });`,
  'a closure': `const next = (() => { let n = 0; return () => ++n; })(); export default defineProcess(() => next());`,
  'an object that is handed on': `const state = { n: 0 }; const bump = (s: any) => ++s.n; export default defineProcess(() => bump(state));`,
  'an expression that is global and sticky': `const re = /a/g; export default defineProcess(() => { re.test('aaa'); return re.lastIndex; });`,
};

for (const [name, text] of Object.entries(stateful)) {
  test(`each process has ${name} of its own`, async () => {
    assert.equal(await twice(text), [1, 1]);
  });
}

test('state of an imported file is private too', async () => {
  const files = { 'lib/counter.ts': 'let n = 0;\nexport const next = (): number => ++n;\n' };
  assert.equal(
    await twice(`import { next } from './lib/counter.ts'; export default defineProcess(() => next());`, files),
    [1, 1],
  );
});

test('a process keeps its own state while it lives', async () => {
  const result = await run(
    {
      main: `import { defineProcess } from 'troupe/sdk';
let n = 0;
const bump = () => ++n;
export default defineProcess(function* (self) { bump(); yield* self.after('1ms').receive(); return bump(); });`,
    },
    'main',
  );
  assert.is(result, 2);
});

test('code that writes where no process may write fails instead of reaching another process', async () => {
  const error = await errorOf(
    twice(
      `function f() {} const mark = (target: any) => { target.mark = 1; return 1; }; export default defineProcess(() => mark(f));`,
    ),
  );
  assert.match(error.message, /not extensible/);
});

const provided = new Set(['troupe/sdk', 'xstate']);
const HEAD = `import { defineProcess } from 'troupe/sdk'; import { setup, createMachine, createActor, assign } from 'xstate';\n`;
const judged: { readonly [text: string]: boolean } = {
  'var main = defineProcess(function* () {}); export { main as default };': true,
  'var main = defineProcess(body); function* body() {} export { main as default };': true,
  'var N = 3, half = N / 2, name = `n${N}`; class A { x = []; m() {} } class B extends A {}': true,
  'var limits = { a: 1 }; function f() { return limits.a; }': true,
  'var names = ["a"]; function f(x) { return names.includes(x); }': true,
  'var machine = setup({ actions: { a: assign({}) } }).createMachine({ context: { list: [] }, on: { a: {} } });': true,
  'var machine = createMachine({ on: { a: { actions: () => {} } } });': true,
  'var names = ["a"]; function f(x) { names.push(x); }': false,
  'var names = ["a"]; function f(x) { x(names); }': false,
  'var limits = { a: 1 }; function f() { limits.a = 2; }': false,
  'var limits = { a: 1 }; function f() { delete limits.a; }': false,
  'var limits = { a: { b: 1 } };': false,
  'var n = 0; function f() { n++; }': false,
  'var n = 0; function f() { [n] = [1]; }': false,
  'var n = 0; function f() { for (n of [1]) ; }': false,
  'var n;': false,
  'var m = new Map();': false,
  'var a = createActor(createMachine({}));': false,
  'var main = defineProcess((() => { let n = 0; return () => n++; })());': false,
  'class A { static x = 1; }': false,
  'class A { static { this.x = 1; } }': false,
  'class A extends f() {}': false,
  'function f() {} f();': false,
  'function f() {} f.x = 1;': false,
  'class A {} function g() { A.total = 1; }': false,
  'var o = { __proto__: null };': false,
  'var r = /a/;': false,
};

for (const [text, expected] of Object.entries(judged)) {
  test(`${expected ? 'no state' : 'state'}: ${text}`, () => {
    assert.is(withoutState(parseModule(HEAD + text), provided) !== undefined, expected);
  });
}

test.run();
