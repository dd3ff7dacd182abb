import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import type { Payload } from '../../runtime/machine.ts';
import { deployLua, run, scripts } from './deployed.ts';

const test = suite('lua values');

/** Send a value through Lua: in as an argument, out as a result. */
async function withEcho(body: (echo: (value: Payload) => Promise<Payload>) => Promise<void>): Promise<void> {
  const { runtime } = await deployLua(scripts({ main: 'return function(v) return {v} end' }));
  try {
    await body(async value => {
      const list = (await runtime.exec({ id: 'app:main', host: 'app:host', args: [value] })) as Payload[];
      return list[0];
    });
  } finally {
    await runtime.stop();
  }
}

/** Text that survives UTF-8: no lone surrogates. */
const text = fc.string({ unit: 'binary', maxLength: 60 });
const scalar = fc.oneof(
  fc.boolean(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true }),
  text,
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).filter(n => n > 2n ** 53n || n < -(2n ** 53n)),
);
const payload: fc.Arbitrary<Payload> = fc.letrec(tie => ({
  value: fc.oneof({ depthSize: 'small' }, scalar, tie('list'), tie('record')),
  list: fc.array(tie('value'), { maxLength: 6 }),
  record: fc.dictionary(text, tie('value'), { maxKeys: 6 }),
})).value as fc.Arbitrary<Payload>;

/** Dictionaries of fast-check have no prototype; what comes out of Lua are plain objects. */
function plain(value: Payload): Payload {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item as Payload)]));
  }
  return value;
}

test('payloads come out of Lua as they went in', async () => {
  await withEcho(async echo => {
    await fc.assert(
      fc.asyncProperty(payload, async value => {
        assert.equal(plain(await echo(value)), plain(value));
      }),
      { numRuns: 400 },
    );
  });
});

test('the empty list and the empty object stay what they are', async () => {
  await withEcho(async echo => {
    assert.equal(await echo([]), []);
    assert.equal(await echo({}), {});
    assert.equal(await echo({ a: {}, b: [], c: [{}] }), { a: {}, b: [], c: [{}] });
    assert.equal(await echo({ a: null }), {});
  });
});

test('an object that came empty is what it is filled with', async () => {
  assert.equal(await run('local t = ... t[1] = "x" return t', {}), ['x']);
  assert.equal(await run('local t = ... t.a = "x" return t', {}), { a: 'x' });
});

test('bytes arrive as strings; strings that are no UTF-8 leave as bytes', async () => {
  assert.equal(await run('local b = ... return {#b, b:byte(1, -1)}', new Uint8Array([0, 255, 128])), [3, 0, 255, 128]);
  const value = (await run('return {"caf\\xc3\\xa9", "caf\\xe9", ("\\xff"):rep(100)}')) as [
    string,
    Uint8Array,
    Uint8Array,
  ];
  assert.is(value[0], 'café');
  assert.equal(value[1], new Uint8Array([99, 97, 102, 0xe9]));
  assert.is(value[2].length, 100);
});

test('whole numbers: integers and floats without fraction are one, 64 bits are kept, -0 is a float', async () => {
  assert.equal(
    await run('local i, f = ... return {math.type(i), math.type(f), 3.0, 2^53, 1 << 62, -(1 << 62), 2^80}', 3, 0.5),
    ['integer', 'float', 3, 2 ** 53, 2n ** 62n, -(2n ** 62n), 2 ** 80],
  );
  assert.equal(await run('local z = ... return {math.type(z), 1 / z == -math.huge}', -0), ['float', true]);
  assert.is(await run('return math.mininteger'), -(2n ** 63n));
  assert.is(await run('local n = ... return n == math.maxinteger', 2n ** 63n - 1n), true);
  assert.is(await run('local n = ... return math.type(n)', 2n ** 64n - 1n), 'float');
});

test('lists and objects: sequences, holes, mixed keys', async () => {
  assert.equal(await run('return {[1] = "a", [2] = "b", [3] = "c"}'), ['a', 'b', 'c']);
  assert.equal(await run('return {1, nil, 3}'), [1, null, 3]);
  assert.equal(await run('local t = {} for i = 10, 1, -1 do t[i] = i end return t'), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.equal(await run('local t = {1, 2, 3, 4, 5, 6} t[3] = nil t[6] = nil return t'), [1, 2, null, 4, 5]);
  assert.equal(await run('return {[1] = "a", [100] = "b"}'), { 1: 'a', 100: 'b' });
  assert.equal(await run('return {[0] = "z", "a"}'), { 0: 'z', 1: 'a' });
  assert.equal(await run('return {[-1] = "m"}'), { '-1': 'm' });
  assert.equal(await run('return {"a", "b", n = 2}'), { 1: 'a', 2: 'b', n: 2 });
  assert.equal(
    await run(
      'local t = {} for i = 1, 1000 do t[#t + 1] = i end return {#t, t[1000], select(2, pcall(function() return t end))}',
    ),
    [1000, 1000, Array.from({ length: 1000 }, (_, i) => i + 1)],
  );
});

test('tables shrunk and grown by the program are read whole', async () => {
  await withEcho(async () => undefined);
  assert.equal(
    await run(`
      local out = {}
      for size = 1, 40 do
        local t = {}
        for i = 1, size do t[i] = i end
        for i = size, size // 2 + 1, -1 do t[i] = nil end
        local n = #t
        out[size] = {n, t}
      end
      return out`),
    Array.from({ length: 40 }, (_, i) => {
      const half = Math.floor((i + 1) / 2);
      return [half, Array.from({ length: half }, (_unused, k) => k + 1)];
    }),
  );
});

test('tables are read as `pairs` reads them, whatever happened to them before', async () => {
  const key = fc.oneof(fc.integer({ min: 1, max: 40 }).map(String), fc.constantFrom('"a"', '"b"', '"c"', '"d"'));
  const edit = fc.tuple(
    key,
    fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 99 }).map(String) }, fc.constant('nil')),
  );
  const { runtime } = await deployLua(
    scripts({
      main: `return function(code)
        local t = load(code)()
        local seen = {}
        for k, v in pairs(t) do seen[#seen + 1] = {tostring(k), v} end
        return {t, seen}
      end`,
    }),
  );
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { maxLength: 120 }), async edits => {
        const code = `local t = {} ${edits.map(([k, v]) => `t[${k}] = ${v}`).join(' ')} return t`;
        const [table, seen] = (await runtime.exec({ id: 'app:main', host: 'app:host', args: [code] })) as [
          object,
          [string, number][],
        ];
        const read: [string, number][] = Array.isArray(table)
          ? table.map((value, i): [string, number] => [String(i + 1), value]).filter(pair => pair[1] !== null)
          : Object.entries(table);
        const order = (a: [string, number], b: [string, number]) => (a[0] < b[0] ? -1 : 1);
        assert.equal(read.sort(order), seen.sort(order));
      }),
      { numRuns: 200 },
    );
  } finally {
    await runtime.stop();
  }
});

test('a key __proto__ is a key like others', async () => {
  const value = (await run('return {["__proto__"] = {polluted = true}, constructor = 1}')) as object;
  assert.is(Object.getPrototypeOf(value), Object.prototype);
  assert.equal(Object.keys(value).sort(), ['__proto__', 'constructor']);
  assert.is(({} as { polluted?: boolean }).polluted, undefined);
});

test('what cannot be sent is refused by its path', async () => {
  const refusal = async (value: string) =>
    (await run(`local _, err = process.send(process.pid(), "t", ${value}) return tostring(err)`)) as string;
  assert.is(await refusal('print'), 'payload: function cannot be sent');
  assert.is(await refusal('{a = {b = {coroutine.create(print)}}}'), 'payload.a.b[1]: coroutine cannot be sent');
  assert.is(await refusal('{ch = channel.new()}'), 'payload.ch: channel cannot be sent');
  assert.is(await refusal('{[true] = 1}'), 'payload: has a boolean as key; keys are strings or whole numbers');
  assert.is(await refusal('{x = {[1.5] = 1}}'), 'payload.x: has a number as key; keys are strings or whole numbers');
  assert.is(await refusal('{["\\xff"] = 1}'), 'payload: has a key that is not UTF-8 text');
  assert.is(
    await refusal('(function() process.send(process.pid(), "m") return (process.inbox():receive()) end)()'),
    'payload: message cannot be sent; send its data: msg:payload():data()',
  );
});

test('cycles and depth are refused, shared tables are copied', async () => {
  const refusal = async (setup: string) =>
    (await run(`${setup} local _, err = process.send(process.pid(), "t", t) return tostring(err)`)) as string;
  assert.match(await refusal('local t = {} t.me = {t}'), /^payload.*: a table that contains itself cannot be sent$/);
  assert.match(
    await refusal('local t = {} local at = t for i = 1, 300 do at.x = {} at = at.x end'),
    /^payload\.x.*: nested deeper than 200 levels; send it flatter or in parts$/,
  );
  assert.match(
    await refusal('local t = {1} for i = 1, 60 do t = {t, t} end'),
    /^payload.*: more values than one message can hold; send them in parts$/,
  );
  assert.equal(await run('local s = {1} return {s, s, {s}}'), [[1], [1], [[1]]]);
  assert.equal(
    await run(
      'local t = {} local at = t for i = 1, 150 do at.x = {} at = at.x end local n = 0 while t do n = n + 1 t = t.x end return n',
    ),
    151,
  );
});

test('deep payloads arrive in Lua', async () => {
  let deep: Payload = 'bottom';
  for (let i = 0; i < 190; i++) deep = i % 2 === 0 ? [deep] : { x: deep };
  await withEcho(async echo => {
    assert.equal(await echo(deep), deep);
  });
});

test('payload objects are sent as what they hold; metatables do not travel', async () => {
  assert.equal(await run('return {payload.new({a = 1}), payload.new(5):data()}'), [{ a: 1 }, 5]);
  assert.equal(
    await run(`
      local t = setmetatable({own = 1}, {__index = {inherited = 2}})
      process.send(process.pid(), "t", t)
      local got = process.inbox():receive():payload():data()
      return {got.own, got.inherited == nil, getmetatable(got) == nil}`),
    [1, true, true],
  );
});

test('large values: a megabyte of text, of bytes, a list of 100 000', async () => {
  await withEcho(async echo => {
    const long = 'äx'.repeat(300_000);
    assert.is(await echo(long), long);
    const bytes = new Uint8Array(1_000_000).fill(200);
    assert.equal(await echo(bytes), bytes);
    const list = Array.from({ length: 100_000 }, (_, i) => i * 3);
    assert.equal(await echo(list), list);
  });
});

test('errors inside payloads stay errors', async () => {
  await withEcho(async echo => {
    const value = (await echo({
      e: new TroupeError('m', { kind: 'TIMEOUT', retryable: true, details: { a: [1] } }),
    })) as {
      e: TroupeError;
    };
    assert.instance(value.e, TroupeError);
    assert.equal(
      [value.e.message, value.e.kind, value.e.retryable, value.e.details],
      ['m', 'TIMEOUT', true, { a: [1] }],
    );
  });
});

test.run();
