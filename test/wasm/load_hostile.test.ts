/** Modules that are broken, or made to do harm: they are refused with the place, or they run and can be stopped. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { soaked } from '../soaked.ts';
import { decodeModule } from '../../machines/wasm/binary/decode.ts';
import { SectionId } from '../../machines/wasm/binary/module.ts';
import type { WasmProgram } from '../../machines/wasm/instance/program.ts';
import { TroupeError } from '../../runtime/errors.ts';
import type { Artifact } from '../../runtime/machine.ts';
import { BareProcess } from '../bare_process.ts';
import { loadWasm, prepareWasm, wasmEntry } from './load_program.ts';
import { join, type Mutation, mutate, mutation } from './mutation.ts';
import { SAMPLE, SAMPLE_HANDLERS } from './sample_module.ts';
import { wat } from './start.ts';

const test = suite('wasm hostile modules');

// Thousands of modules that nobody loads again are not to be kept.
process.env.XDG_CACHE_HOME = '/dev/null';

const PAGE = 65_536;
const LIMITS = { memory: 16 * PAGE, cpuTotal: 4, cpuSlice: 1 };
const OPTIONAL: ReadonlySet<number> = new Set([SectionId.Data, SectionId.Custom]);
/** More than `LIMITS` allow a process to be interrupted. */
const MOST_STEPS = 20;
/** Of the blocking sample; handlers take any. */
const ARGUMENTS = [5, 3];

/** The errors of a load, one or several. */
function errorsOf(thrown: unknown): TroupeError[] {
  return thrown instanceof AggregateError ? thrown.errors : [thrown as TroupeError];
}

/** Load and run it as a host with limits does. Fails where something else happens than may. */
async function survive(bytes: Uint8Array): Promise<'refused' | 'ran' | 'cannot be stopped'> {
  const entry = wasmEntry(bytes);
  let artifact: Artifact;
  try {
    artifact = await prepareWasm(entry);
  } catch (thrown) {
    for (const error of errorsOf(thrown)) checkRefusal(error, bytes);
    return 'refused';
  }
  assert.ok(WebAssembly.validate(bytes), 'it is no module, but was accepted');
  for (const preempt of ['resume', 'kill'] as const) {
    let program: WasmProgram;
    try {
      program = loadWasm(entry, artifact, { ...LIMITS, preempt }) as WasmProgram;
    } catch (thrown) {
      checkRefusal(thrown, bytes);
      return 'refused';
    }
    // It uses what the transform does not know.
    if (!program.metered) return 'cannot be stopped';
    runToItsEnd(program);
  }
  return 'ran';
}

function checkRefusal(error: unknown, bytes: Uint8Array): void {
  assert.instance(error, TroupeError);
  const { kind, message, details } = error as TroupeError;
  assert.is(kind, 'INVALID', message);
  if (!message.includes('not a WebAssembly module')) return;
  assert.not.ok(WebAssembly.validate(bytes), `it is a module: ${message}`);
  const { offset } = details as { readonly offset: number };
  assert.ok(Number.isInteger(offset) && offset >= 0 && offset <= bytes.length, `offset ${offset} of ${bytes.length}`);
  assert.match(message, `at byte ${offset}`);
}

function runToItsEnd(program: WasmProgram): void {
  let process: BareProcess | undefined;
  try {
    process = BareProcess.begin(program, ...ARGUMENTS);
    process.send('topic', [1, 'two']);
    while (process.canGoOn && process.steps < MOST_STEPS) process.step();
    assert.ok(process.steps < MOST_STEPS, 'it goes on and on');
  } catch (thrown) {
    // A process ends with what leaves a step; it must be an error that says so.
    assert.instance(thrown, TroupeError);
  } finally {
    process?.machine.close();
  }
}

for (const [name, sample, seed] of [
  ['blocking', SAMPLE, 4001],
  ['handlers', SAMPLE_HANDLERS, 4002],
] as const) {
  test(`the sample itself runs: ${name}`, async () => {
    assert.is(await survive(sample), 'ran');
  });

  test(`every beginning of a module is refused with the place: ${name}`, async () => {
    const ends: number[] = [];
    for (let length = 0; length < sample.length; length++) {
      const outcome = await survive(sample.slice(0, length));
      if (outcome !== 'refused') ends.push(length);
    }
    // Without what comes after the code, data and names, it is a module, too.
    const optional = decodeModule(sample).sections.filter(({ id }) => OPTIONAL.has(id));
    assert.equal(
      ends,
      optional.map(({ header }) => header),
    );
  });

  test(`mutations are refused, or run and can be stopped: ${name}`, async () => {
    const outcomes = { refused: 0, ran: 0, 'cannot be stopped': 0 };
    const cases = fc.array(mutation, { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(cases, async (changes: readonly Mutation[]) => {
        outcomes[await survive(changes.reduce((bytes, change) => mutate(sample, bytes, change), sample))]++;
      }),
      soaked({ seed, numRuns: 2500 }),
    );
    assert.ok(outcomes.refused > 1000 && outcomes.ran > 100, JSON.stringify(outcomes));
  });
}

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const MOST = [0xff, 0xff, 0xff, 0xff, 0x0f];

test('a list that claims 2^32 - 1 items is refused before room is made for them', async () => {
  const before = process.memoryUsage().rss;
  for (let id = 1; id <= 11; id++) {
    const bytes = join(HEADER, [id, MOST.length], MOST);
    assert.is(await survive(bytes), 'refused', `section ${id}`);
  }
  const TYPES = [1, 4, 1, 0x60, 0, 0];
  const FUNCTION = [3, 2, 1, 0];
  for (const body of [
    // So many groups of locals, locals, labels.
    [...MOST, 0x0b],
    [1, ...MOST, 0x7f, 0x0b],
    [0, 0x41, 0, 0x0e, ...MOST, 0, 0x0b],
  ]) {
    const bytes = join(HEADER, TYPES, FUNCTION, [10, body.length + 2, 1, body.length], body);
    assert.is(await survive(bytes), 'refused');
  }
  assert.ok(process.memoryUsage().rss - before < 100 * 2 ** 20, 'less than 100 MiB');
});

test('a module of a few bytes a function cannot make room for all the locals that it declares', async () => {
  const count = 5000;
  const number = [0x88, 0x27];
  // 50 000 locals each.
  const body = [1, 0xd0, 0x86, 3, 0x7e, 0x0b];
  const bodies = Array.from({ length: count }, () => [body.length, ...body]).flat();
  const section = (id: number, content: readonly number[]): number[] => [id, ...unsigned(content.length), ...content];
  const bytes = join(
    HEADER,
    section(1, [1, 0x60, 0, 0]),
    section(3, [...number, ...new Array<number>(count).fill(0)]),
    section(7, [1, 4, 0x6d, 0x61, 0x69, 0x6e, 0, 0]),
    section(10, [...number, ...bodies]),
  );
  assert.is(await survive(bytes), 'ran');
});

function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

test('names that are damaged are no error', async () => {
  const names = (content: readonly number[]): Uint8Array =>
    join(wat('(module (func (export "main") (unreachable)))'), [
      0,
      content.length + 5,
      4,
      0x6e,
      0x61,
      0x6d,
      0x65,
      ...content,
    ]);
  for (const content of [
    [1],
    [1, 255, 255, 255, 255, 15],
    [1, 6, ...MOST, 0],
    [1, 3, 1, 0, 9],
    [1, 4, 1, 0, 1, 0xff],
  ]) {
    assert.is(await survive(names(content)), 'ran');
  }
});

test('what is refused because it does not fit the host says how much it needs', async () => {
  const entry = wasmEntry(wat('(module (memory (export "memory") 40) (func (export "main")))'));
  const artifact = await prepareWasm(entry);
  try {
    loadWasm(entry, artifact, LIMITS);
    assert.unreachable();
  } catch (thrown) {
    assert.match((thrown as TroupeError).message, 'needs 40 pages of memory to start, but only 16 are allowed');
  }
});

test.run();
