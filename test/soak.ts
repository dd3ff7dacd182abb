/**
 * `npm run soak -- [minutes]`: the random and cyclic tests again and again with other seeds and more rounds, for as long
 * as told (default 60 minutes). Closes with `N passed, N failed`; each failing run prints its seed.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Test files, and what the environment of some is. */
const RUNS: readonly (readonly [file: string, env?: { readonly [name: string]: string }])[] = [
  ...['0', '1', '2', '16'].map(workers => ['conformance/conformance', { TROUPE_WORKERS: workers }] as const),
  ...['2', '3', '8'].map(
    workers => ['conformance/conformance', { TROUPE_WORKERS: workers, TROUPE_RESTLESS: '1' }] as const,
  ),
  ...[
    'soak/cycles',
    'soak/lua_cycles',
    'lua/differential',
    'lua/fuzz',
    'lua/roaming',
    'lua/slots_lost',
    'lua/slots_image',
    'workers/loss',
    'conformance/random',
    'kernel/topology',
    'kernel/timing_wheel',
    'kernel/process_timers',
    'workers/ring',
    'workers/interleavings',
    'workers/broken_protocols',
    'workers/lost_tasks',
    'workers/model/model',
    'workers/overload',
    'kernel/moving',
    'payload/messagepack',
    'wasm/suspend_random',
    'wasm/suspend_differential',
    'wasm/suspend_compiled',
    'wasm/image_compiled',
    'wasm/hostile',
    'wasm/load_hostile',
    'wasm/wasi_fuzz',
    'examples/access_log',
    'supervision/otp/otp',
  ].map(file => [file] as const),
];

const minutes = Number(process.argv[2] ?? 60);
const until = process.hrtime.bigint() + BigInt(Math.round(minutes * 60e9));
let passed = 0;
let failed = 0;
for (let round = 1; process.hrtime.bigint() < until; round++) {
  for (const [file, given = {}] of RUNS) {
    const path = fileURLToPath(new URL(`${file}.test.js`, import.meta.url));
    const env = { ...process.env, ...given, TROUPE_SOAK: String(Math.min(round * 5, 100)), NO_COLOR: '1' };
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', path], { env, encoding: 'utf8' });
    const good = status === 0;
    if (good) passed++;
    else failed++;
    console.log(`round ${round} ${good ? 'ok  ' : 'FAIL'} ${file} ${Object.values(given).join(' ')}`);
    if (!good) console.log(`${stdout}${stderr}`);
    if (process.hrtime.bigint() >= until) break;
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
