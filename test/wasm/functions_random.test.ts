/** Random types and values of them: what goes through a guest that gives it back is what comes out. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseWit } from '../../machines/wasm/functions/wit.ts';
import { echoFunction, echoModule } from './canonical_echo.ts';
import { TroupeError } from '../../runtime/errors.ts';
import { run, start, wat } from './start.ts';
import { showType, type WitType } from '../../machines/wasm/functions/wit_type.ts';
import type { Payload } from '../../runtime/machine.ts';

const test = suite('wit functions at random');

const SEED = Number(process.env.TROUPE_TEST_SEED ?? 20261122);
const TYPES = 80;

const PRIMITIVES = 'bool s8 s16 s32 s64 u8 u16 u32 u64 f32 f64 char string'.split(' ');

/** Types as they are written; enums, flags, records and variants refer to what `declared` has. */
interface Text {
  readonly type: string;
  readonly declared: readonly string[];
}

/** Names of declarations: unique within one run, and the same in each. */
let names = 0;

function declare(keyword: string, parts: readonly string[], inner: readonly Text[]): Text {
  const name = `t${names++}`;
  const own = `${keyword} ${name} { ${parts.join(', ')} }`;
  return { type: name, declared: [...inner.flatMap(one => one.declared), own] };
}

function generic(name: string, inner: readonly Text[]): Text {
  return { type: `${name}<${inner.map(one => one.type).join(', ')}>`, declared: inner.flatMap(one => one.declared) };
}

const { type: texts } = fc.letrec<{ type: Text }>(tie => {
  const some = (maxLength: number) => fc.array(tie('type'), { minLength: 1, maxLength });
  const leaf = fc.constantFrom(...PRIMITIVES).map((type): Text => ({ type, declared: [] }));
  const count = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(9, 17, 32));
  const numbered = (n: number) => Array.from({ length: n }, (_, i) => `c-${i}`);
  return {
    type: fc.oneof(
      { depthSize: 'small', maxDepth: 4, withCrossShrink: true },
      leaf,
      fc.oneof(
        tie('type').map(one => generic('list', [one])),
        // An option of an option is refused.
        tie('type').map(one => (one.type.startsWith('option') ? one : generic('option', [one]))),
        some(4).map(all => generic('tuple', all)),
        fc.tuple(tie('type'), tie('type')).map(both => generic('result', both)),
        some(5).map(all =>
          declare(
            'record',
            all.map((one, i) => `f-${i}: ${one.type}`),
            all,
          ),
        ),
        some(4).map(all => declare('variant', [...all.map((one, i) => `v-${i}(${one.type})`), 'none'], all)),
        fc.oneof(count, fc.constant(300)).map(n => declare('enum', numbered(n), [])),
        count.map(n => declare('flags', numbered(n), [])),
      ),
    ),
  };
});

const samples = fc.sample(texts, { seed: SEED, numRuns: TYPES });
const wit = samples.map(
  ({ type, declared }, i) => `${declared.join('\n')}\nf${i}: func(a: ${type}) -> tuple<${type}>;`,
);
// A result would be how the function fails: it stands in a tuple, which changes nothing else.
const functions = parseWit(wit.join('\n'));
const types = functions.map(one => one.params[0].type);

const runtime = await start(
  types.map((_, i) => `{name: f${i}, kind: function.wasm, source: file://m.wasm, method: f${i}, wit: file://m.wit}`),
  { 'm.wasm': wat(echoModule(types.map((type, i) => echoFunction(`f${i}`, type)))), 'm.wit': wit.join('\n') },
);
test.after(() => runtime.stop());

const float = fc.double({ noNaN: true }).map(value => value + 0);
const integer = (least: bigint, most: bigint) =>
  fc.bigInt(least, most).map(value => (Number.isSafeInteger(Number(value)) ? Number(value) : value));

const NUMBERS: { [name: string]: fc.Arbitrary<Payload> } = {
  bool: fc.boolean(),
  f32: float.map(value => Math.fround(value) + 0),
  f64: float,
  char: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  string: fc.string({ unit: 'binary', maxLength: 12 }),
};
for (const bits of [8, 16, 32, 64]) {
  NUMBERS[`s${bits}`] = integer(-(1n << BigInt(bits - 1)), (1n << BigInt(bits - 1)) - 1n);
  NUMBERS[`u${bits}`] = integer(0n, (1n << BigInt(bits)) - 1n);
}

function caseValues(cases: readonly { name: string; type: WitType | undefined }[]): fc.Arbitrary<Payload> {
  return fc.oneof(
    ...cases.map(({ name, type }) =>
      type === undefined ? fc.constant(name) : valuesOf(type).map(value => ({ [name]: value })),
    ),
  );
}

function valuesOf(type: WitType): fc.Arbitrary<Payload> {
  if (typeof type === 'string') return NUMBERS[type];
  switch (type.kind) {
    case 'list':
      return type.element === 'u8' ? fc.uint8Array() : fc.array(valuesOf(type.element), { maxLength: 4 });
    case 'option':
      return fc.option(valuesOf(type.some));
    case 'tuple':
      return fc.tuple(...type.types.map(valuesOf));
    case 'record':
      return fc.record(Object.fromEntries(type.fields.map(field => [field.name, valuesOf(field.type)])), {
        noNullPrototype: true,
      });
    case 'variant':
      return caseValues(type.cases);
    case 'result':
      return caseValues([
        { name: 'ok', type: type.ok },
        { name: 'err', type: type.err },
      ]);
    case 'enum':
      return fc.constantFrom(...type.cases);
    default:
      return fc.subarray([...type.flags]);
  }
}

test(`values of ${TYPES} random types come back as they went in (seed ${SEED})`, async () => {
  for (const [i, type] of types.entries()) {
    await fc.assert(
      fc.asyncProperty(valuesOf(type), async value => {
        assert.equal(await run(runtime, `f${i}`, [value]), [value], `${wit[i]} seed ${SEED}`);
      }),
      { seed: SEED, numRuns: 12 },
    );
  }
});

test('whatever lies in the memory is a value or an error', async () => {
  // Numbers that are small or near to addresses, so that many of them lead somewhere.
  const word = fc.oneof(
    fc.nat(3),
    fc.nat(64),
    fc.nat(65536),
    fc.nat(65536).map(at => at & -8),
    fc.integer(),
  );
  const memories = fc.sample(fc.array(word, { minLength: 400, maxLength: 400 }), { seed: SEED, numRuns: 6 });
  const inMemory = functions.filter(one => echoFunction('f', one.params[0].type).includes('i32.store'));
  const lies = inMemory.map(one => `${one.name}: func() -> ${showType(one.params[0].type)};`);
  const text = `${samples.flatMap(one => one.declared).join('\n')}\n${lies.join('\n')}`;
  let values = 0;
  let errors = 0;
  for (const words of memories) {
    const data = [...new Uint8Array(Int32Array.from(words).buffer)].map(
      byte => `\\${byte.toString(16).padStart(2, '0')}`,
    );
    const code = inMemory.map(({ name }, i) => `(func (export "${name}") (result i32) (i32.const ${(i % 8) * 8}))`);
    const liar = await start(
      [`{name: f, kind: function.wasm, source: file://m.wasm, method: ${inMemory[0].name}, wit: file://m.wit}`],
      {
        'm.wasm': wat(
          `(module (memory (export "memory") 1) (data (i32.const 0) "${data.join('')}") ${code.join(' ')})`,
        ),
        'm.wit': text,
      },
    );
    for (const { name } of inMemory) {
      try {
        await run(liar, 'f', [], { method: name });
        values++;
      } catch (thrown) {
        assert.instance(thrown, TroupeError);
        const { kind, message } = thrown as TroupeError;
        // What is a `result` may also say that it failed.
        if (kind === 'INTERNAL') assert.match(message, `the result of ${name} is no `);
        else assert.match(functionType(name), 'result');
        errors++;
      }
    }
    await liar.stop();
  }
  assert.ok(values > 20 && errors > 20, `${values} values, ${errors} errors`);
});

function functionType(name: string): string {
  return showType(functions.find(one => one.name === name)!.params[0].type);
}

test('the types are of all kinds, passed flat and in memory', () => {
  const text = JSON.stringify(types);
  for (const kind of ['list', 'option', 'tuple', 'record', 'variant', 'result', 'enum', 'flags']) {
    assert.ok(text.includes(`"kind":"${kind}"`), kind);
  }
});

test.run();
