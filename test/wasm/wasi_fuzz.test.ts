/** Random calls with random arguments: whatever a guest does, it gets numbers, and the runtime goes on. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { soaked } from '../soaked.ts';
import { WASI_CALLS } from '../../machines/wasm/wasi/signatures.ts';
import { CALLS, INTERPRETER, perform, type Step, vectors } from './wasi_interpreter.ts';
import { startWasi } from './wasi_start.ts';

const test = suite('wasi fuzz');

const LAST_ERRNO = 76;
/** Addresses of what `IMAGE` holds, the ends of the memory (4 pages), and nonsense. */
const PLACES = [0, 8, 100, 104, 112, 200, 300, 400, 1000, 0x3ffff, 0x40000, 0x3fff8, 0x7fffffff, -1, -4, -65536];
const SMALL = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24, 48, 64, 100, 1024, 1025, 4096, 0x7fffffff, -1];
const IMAGE = {
  100: vectors([200, 8], [300, 40], [0x3fff0, 16], [0x3fff0, 17]),
  200: 'a.txt',
  208: 'folder',
  216: '../secret.txt',
  232: './folder/./b',
  248: '.',
  // A clock of a millisecond, and input.
  400: Uint8Array.from({ length: 48 }, (_, i) => (i === 16 ? 1 : i === 26 ? 15 : 0)),
  448: Uint8Array.from({ length: 48 }, (_, i) => (i === 8 ? 1 : 0)),
};

/** Pointers and lengths of the texts in `IMAGE`. */
const NAMES = [
  [200, 5],
  [208, 6],
  [216, 13],
  [232, 12],
  [248, 1],
] as const;

/** Which parameters of a call are the pointers of paths. */
const PATHS: { readonly [name: string]: readonly number[] } = {
  path_create_directory: [1],
  path_filestat_get: [2],
  path_filestat_set_times: [2],
  path_link: [2, 5],
  path_open: [2],
  path_readlink: [1],
  path_remove_directory: [1],
  path_rename: [1, 4],
  path_symlink: [0, 3],
  path_unlink_file: [1],
};

/** What proc_exit would cut short, and long sleeps that random bytes could ask for, are tested elsewhere. */
const FUZZED = CALLS.filter(name => name !== 'proc_exit' && name !== 'poll_oneoff');

const word = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...SMALL) },
  { weight: 4, arbitrary: fc.constantFrom(...PLACES) },
  { weight: 1, arbitrary: fc.integer() },
);
const long = fc.oneof(
  fc.constantFrom(0n, 1n, 5n, 4096n, (1n << 30n) - 1n, -1n, 1n << 53n, 1n << 63n, 1n << 62n),
  fc.bigInt({ min: 0n, max: 100_000n }),
);

const call: fc.Arbitrary<Step> = fc.constantFrom(...FUZZED).chain(name => {
  const params = WASI_CALLS[name].params.map(type => (type === 'i64' ? long : word));
  // Most calls are about a descriptor that may be open.
  if (/^(fd|path|sock)_/.test(name)) params[0] = fc.constantFrom<number>(0, 1, 2, 3, 3, 3, 4, 4, 4, 5, 5, 6, 7, -1);
  const anyArgs = fc.tuple(...params).map((args): (number | bigint)[] => [...args]);
  const paths = fc.array(fc.constantFrom(...NAMES), { minLength: 2, maxLength: 2 });
  return fc.tuple(anyArgs, paths, fc.integer({ min: 0, max: 3 })).map(([args, given, nonsense]): Step => {
    // Three of four times what stands for a path is one.
    if (nonsense !== 0) {
      for (const [index, at] of (PATHS[name] ?? []).entries()) args.splice(at, 2, ...given[index]);
    }
    return [name, ...args];
  });
});

/** Calls as a program makes them, so that there is something for the random ones to act on. */
const sensible: fc.Arbitrary<Step> = fc.constantFrom<Step>(
  ['path_open', 3, 1, 200, 5, 1, (1n << 30n) - 1n, 0n, 0, 1000],
  ['path_open', 3, 1, 200, 5, 0, 2n, 0n, 0, 1000],
  ['path_create_directory', 3, 208, 6],
  ['path_open', 3, 1, 208, 6, 2, (1n << 30n) - 1n, (1n << 30n) - 1n, 0, 1000],
  ['path_open', 4, 1, 216, 13, 0, 2n, 0n, 0, 1000],
  ['path_open', 3, 1, 232, 12, 1, (1n << 30n) - 1n, 0n, 1, 1000],
  ['fd_write', 4, 100, 2, 1000],
  ['fd_read', 4, 100, 3, 1000],
  ['fd_readdir', 3, 2000, 300, 0n, 1000],
  ['poll_oneoff', 400, 2000, 2, 1000],
  ['fd_renumber', 5, 1],
  ['fd_close', 4],
);

test('random calls answer numbers, and nothing outside of the folder changes', async () => {
  const started = await startWasi({ m: INTERPRETER }, { files: { 'secret.txt': 'secret' }, input: ['line'] });
  const beside = () => readdirSync(join(started.data, '..')).sort();
  const before = beside();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(call, call, sensible), { minLength: 1, maxLength: 60 }), async steps => {
      let results: readonly number[] = [];
      try {
        ({ results } = await perform(started, steps, IMAGE));
      } catch (thrown) {
        // A call may have written over the script or asked for arguments that are no text: an end like any other.
        assert.ok(isOwnFault(thrown), String(thrown));
      }
      for (const [index, result] of results.entries()) {
        assert.ok(Number.isInteger(result), `${steps[index][0]}: ${result}`);
      }
      // The next process finds all as it should be.
      const after = await perform(started, [
        ['fd_prestat_get', 3, 0],
        ['fd_prestat_get', 4, 0],
      ]);
      assert.equal(after.results, [0, 8]);
    }),
    soaked({ seed: 20_261_122, numRuns: 150 }),
  );
  assert.equal(beside(), before);
  assert.is(readFileSync(join(started.data, '..', 'secret.txt'), 'utf8'), 'secret');
  await started.runtime.stop();
});

/** Ends that the calls themselves can bring about. */
function isOwnFault(thrown: unknown): boolean {
  const { message, kind } = thrown as { message: string; kind: string };
  return kind === 'INVALID' ? /^argument 1 /.test(message) : /out of bounds|^app:m ended with exit code/.test(message);
}

test('what the calls answer is an error number where the script is left alone', async () => {
  const started = await startWasi({ m: INTERPRETER });
  const FAR = 0x7fff0000;
  for (const name of FUZZED.filter(each => !each.startsWith('args_'))) {
    const { params } = WASI_CALLS[name];
    const { results } = await perform(started, [[name, ...params.map(type => (type === 'i64' ? -1n : FAR))]]);
    assert.ok(results[0] >= 0 && results[0] <= LAST_ERRNO, `${name}: ${results[0]}`);
    assert.is(results[0] === 0, name === 'sched_yield', `${name} took nonsense`);
  }
  await started.runtime.stop();
});

test.run();
