/**
 * Runs the test files, each in a process of its own (what one leaves behind cannot help or hurt another), a few at a
 * time, and closes with `N passed, N failed`. Properties draw from the same seed in every run of the whole (`seed.ts`): a
 * commit that has passed passes everywhere. Other seeds: `TROUPE_SEED=N`, a file run by itself, `npm run soak`.
 *
 *     node dist/test/run.js [pattern]
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
// Makes the bundle anew: what tests of the command line run is what was compiled last.
import '../sdk/embed/bundle.ts';

const TIMEOUT = 240_000;
/** Milliseconds that a file has to end after its summary: one that failed may have left threads behind. */
const ENDING = 20_000;
const SUMMARY = /^\s*Duration: /m;
/** What of a file's output is shown in any case: why something was skipped, and tables. */
const SHOWN = /^(skip: |[┌├│└])/;
const root = new URL('.', import.meta.url);
const SEED = fileURLToPath(new URL('seed.js', root));
const pattern = new RegExp(process.argv[2] ?? '.');
/** Tests of programs in Lua run on wasmoon's own binary as well: that is what a failed build falls back to. */
const ALSO_STOCK = /^(lua\/(?!transform|slots|regions|image|roaming|stubs|differential|fuzz)|conformance\/conformance)/;
const STOCK = { TROUPE_LUA: 'stock' };
/** And they run with Lua interrupted after every step that can be the last of a slice. */
const ALSO_INTERRUPTED =
  /^(lua\/(?!transform|slots|regions|image|roaming|stubs|differential|fuzz|preempt|sort|leak)|conformance\/conformance)/;
const INTERRUPTED = { TROUPE_TEST_SLICE: '20ns' };

interface Run {
  readonly file: string;
  readonly name: string;
  readonly env: { readonly [name: string]: string };
}

const runs: Run[] = readdirSync(root, { recursive: true })
  .map(String)
  .filter(file => file.endsWith('.test.js'))
  .sort()
  .flatMap(file => {
    const name = file.slice(0, -'.test.js'.length);
    const all: Run[] = [{ file, name: file, env: {} }];
    if (ALSO_STOCK.test(file)) all.push({ file, name: `${name} (stock)`, env: STOCK });
    if (ALSO_INTERRUPTED.test(file)) all.push({ file, name: `${name} (interrupted)`, env: INTERRUPTED });
    return all;
  })
  .filter(run => pattern.test(run.name));

interface Outcome {
  readonly file: string;
  readonly passed: number;
  readonly failed: number;
  readonly output: string;
  readonly seconds: number;
}

function runFile({ file, name, env }: Run): Promise<Outcome> {
  return new Promise(resolve => {
    const begun = process.hrtime.bigint();
    const flags = ['--enable-source-maps', '--expose-gc', '--import', SEED];
    const child = spawn(process.execPath, [...flags, fileURLToPath(new URL(file, root))], {
      env: { ...process.env, ...env, FORCE_COLOR: '0', NO_COLOR: '1' },
      timeout: TIMEOUT,
      killSignal: 'SIGKILL',
    });
    let output = '';
    let ending: NodeJS.Timeout | undefined;
    const heard = (data: unknown) => {
      output += data;
      if (ending !== undefined || SUMMARY.test(String(data))) {
        clearTimeout(ending);
        ending = setTimeout(() => child.kill('SIGKILL'), ENDING);
      }
    };
    child.stdout.on('data', heard);
    child.stderr.on('data', heard);
    child.on('close', (code, signal) => {
      clearTimeout(ending);
      let passed = 0;
      let total = 0;
      for (const match of output.matchAll(/^\s*Total:\s+(\d+)\s*\n\s*Passed:\s+(\d+)/gm)) {
        total += Number(match[1]);
        passed += Number(match[2]);
      }
      let failed = total - passed;
      // A file that died, or that ran no test at all, has failed even if nothing in it could say so.
      if ((code !== 0 || total === 0) && failed === 0) failed = 1;
      if (signal !== null)
        output += `\nended by ${signal} (limit ${TIMEOUT / 1000} s, ${ENDING / 1000} s after the summary)\n`;
      resolve({ file: name, passed, failed, output, seconds: Number(process.hrtime.bigint() - begun) / 1e9 });
    });
  });
}

const outcomes: Outcome[] = [];
const queue = [...runs];
await Promise.all(
  Array.from({ length: Math.max(1, Math.min(4, availableParallelism())) }, async () => {
    for (let run = queue.shift(); run !== undefined; run = queue.shift()) {
      const outcome = await runFile(run);
      outcomes.push(outcome);
      const mark = outcome.failed === 0 ? 'ok  ' : 'FAIL';
      console.log(
        `${mark} ${run.name.padEnd(48)} ${String(outcome.passed).padStart(4)} passed ${outcome.seconds.toFixed(1)} s`,
      );
      for (const line of outcome.output.split('\n')) if (SHOWN.test(line.trim())) console.log(`     ${line.trim()}`);
      if (outcome.failed > 0) console.log(outcome.output.replace(/^/gm, '     | '));
    }
  }),
);
const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0) + (runs.length === 0 ? 1 : 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
