/** A module compiled from C, with the bindings that the canonical ABI asks for: `test/fixtures/wit/geometry.c`. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failure, refusal, run, start } from './start.ts';

const test = suite('wit functions of C');

const geometry = new Uint8Array(readFileSync(new URL('../../../test/fixtures/wit/geometry.wasm', import.meta.url)));

const WIT = `
  record point { x: f64, y: f64 }
  type points = list<point>;
  variant shape { circle(f32), rectangle(tuple<f32, f32>), nothing }
  flags tags { first, second, third }
  record person { name: string, age: option<u8>, tags: tags }
  enum kind { invalid, not-found }
  record failure { message: string, kind: kind }

  scale: func(points: points, by: f64) -> points;
  centroid: func(points: points) -> option<point>;
  divide: func(a: s32, b: s32) -> result<s32, string>;
  area: func(shape: shape) -> f64;
  find: func(name: string, people: list<person>) -> result<person, failure>;`;

const NAMES = ['scale', 'centroid', 'divide', 'area', 'find'];
const FILES = { 'geometry.wasm': geometry, 'geometry.wit': WIT };
const entry = (name: string, wit = 'file://geometry.wit') =>
  `{name: ${name}, kind: function.wasm, source: file://geometry.wasm, method: ${name}, wit: "${wit}"}`;

const LUA = `
  local funcs = require("funcs")
  return {main = function()
    local found, err = funcs.call("app:find", "Ada", {{name = "Ada", tags = {}}})
    assert(err == nil and found.name == "Ada" and found.age == nil and #found.tags == 0)
    assert(#funcs.call("app:scale", {}, 2) == 0)
    assert(funcs.call("app:area", {circle = 2}) == 12)
    local _, missing = funcs.call("app:find", "Eve", {})
    return {tostring(missing), missing:kind()}
  end}`;

const runtime = await start(
  [
    ...NAMES.map(name => entry(name)),
    '{name: caller, kind: function.lua, source: file://caller.lua, method: main, modules: [funcs]}',
  ],
  { ...FILES, 'caller.lua': LUA },
);
test.after(() => runtime.stop());

test('lists of records, options and variants', async () => {
  const points = [
    { x: 1, y: 2 },
    { x: -3, y: 0.5 },
  ];
  assert.equal(await run(runtime, 'scale', [points, 2]), [
    { x: 2, y: 4 },
    { x: -6, y: 1 },
  ]);
  assert.equal(await run(runtime, 'scale', [[], 2]), []);
  assert.equal(await run(runtime, 'centroid', [points]), { x: -1, y: 1.25 });
  assert.is(await run(runtime, 'centroid', [[]]), null);
  assert.is(await run(runtime, 'area', [{ circle: 2 }]), 12);
  assert.is(await run(runtime, 'area', [{ rectangle: [2, 2.5] }]), 5);
  assert.is(await run(runtime, 'area', ['nothing']), 0);
  const many = Array.from({ length: 20_000 }, (_, i) => ({ x: i, y: -i }));
  assert.equal(await run(runtime, 'scale', [many, 1]), many);
});

test('a result is the value, or what the function fails with', async () => {
  assert.is(await run(runtime, 'divide', [7, 2]), 3);
  const error = await failure(run(runtime, 'divide', [7, 0]));
  assert.is(error.message, 'division by zero');
  assert.is(error.kind, 'UNKNOWN');

  const people = [
    { name: 'Ada', age: 36, tags: ['first', 'third'] },
    { name: 'Björn', age: null, tags: [] },
  ];
  assert.equal(await run(runtime, 'find', ['Ada', people]), people[0]);
  assert.equal(await run(runtime, 'find', ['Björn', people]), people[1]);
  const missing = await failure(run(runtime, 'find', ['Eve', people]));
  assert.is(missing.message, 'nobody has this name');
  assert.is(missing.kind, 'NOT_FOUND');
});

test('a Lua program calls with tables', async () => {
  assert.equal(await run(runtime, 'caller'), ['nobody has this name', 'NOT_FOUND']);
});

test('arguments that do not fit are INVALID and say where', async () => {
  const cases: [string, unknown[], string][] = [
    [
      'scale',
      [
        [
          { x: 1, y: 2 },
          { x: 1, y: 'b' },
        ],
        1,
      ],
      'argument "points"[1].y of scale must be a number, got text',
    ],
    ['scale', [[{ x: 1 }], 1], 'argument "points"[0].y of scale is missing'],
    ['scale', [[{ x: 1, Y: 2 }], 1], 'argument "points"[0].y of scale is missing, but there is an unknown field "Y"'],
    ['scale', [[{ x: 1, y: 2, z: 3 }], 1], 'argument "points"[0].z of scale is unknown: the record has "x" and "y"'],
    ['scale', [[5], 1], 'argument "points"[0] of scale must be a map of x, y, got 5'],
    ['scale', ['x', 1], 'argument "points" of scale must be a list, got text'],
    ['area', [{ circle: null }], 'argument "shape".circle of area must be a number, got nothing'],
    ['area', [{ rectangle: [1] }], 'argument "shape".rectangle of area must be a list of 2, got one of 1'],
    ['area', [{ nothing: 5 }], 'argument "shape".nothing of area must be nothing, got 5'],
    ['area', ['square'], 'must be a case, {circle: ...} or {rectangle: ...} or "nothing", got "square"'],
    ['area', [{ circle: 1, nothing: null }], 'must be a case'],
    ['find', ['a', [{ name: 'a', tags: ['x'] }]], '"people"[0].tags of find may have first, second, third, got "x"'],
    ['find', ['a', [{ name: 'a', tags: [], age: 300 }]], '"people"[0].age of find must lie between 0 and 255, got 300'],
  ];
  for (const [name, args, message] of cases) {
    const error = await failure(run(runtime, name, args as never));
    assert.is(error.kind, 'INVALID', message);
    assert.match(error.message, message);
  }
});

test('what a signature needs is compared with the exports at load', async () => {
  assert.match(
    await refusal([entry('area', 'variant v { a(f32), b(f64) } area: func(shape: v) -> f64')], FILES),
    '"area" is (i32, f32, f32) -> f64, but its `wit:` signature needs (i32, i64) -> f64',
  );
});

test.run();
