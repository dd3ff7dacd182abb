/** Erlang beside us: which measurement has which workload there, and how its sources get to run. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RivalCommand, RivalWorkload } from '../rival.ts';

const sources = fileURLToPath(new URL('../../../../test/bench/erlang', import.meta.url));

/** By machine and name of the measurement. */
export const ERLANG_WORKLOADS: { readonly [name: string]: RivalWorkload } = {
  'ts spawn': { workload: 'spawn_reply', ratio: 4 },
  'ts ping-pong': { workload: 'ping_pong', ratio: 3 },
  'ts ring': { workload: 'ring', ratio: 3 },
  'ts skynet': { workload: 'skynet', ratio: 5 },
  'ts idle-bytes': { workload: 'idle', ratio: 5 },
  'ts fan-in': { workload: 'fan_in', ratio: 1.5 },
  'ts timer-arm': { workload: 'timer_arm', ratio: 4 },
  'ts timer-arm-few': { workload: 'timer_arm_few' },
  'ts map-roundtrip': { workload: 'map_roundtrip', ratio: 1.5 },
  'ts nested-roundtrip': { workload: 'nested_roundtrip', ratio: 1 },
  'ts binary-64k-roundtrip': { workload: 'binary_roundtrip', ratio: 1 },
  'lua hog-victim-p99': { workload: 'hogs' },
  'wasm hog-victim-p99': { workload: 'hogs' },
};

/** Why Erlang cannot be run here, with what to do about it; undefined: it can. */
export function whyNoErlang(): string | undefined {
  const missing = ['erlc', 'erl'].filter(name => spawnSync(name, ['+V'], { stdio: 'ignore' }).error !== undefined);
  if (missing.length === 0) return undefined;
  return (
    `${missing.join(' and ')} not found: install Erlang/OTP 25 or newer so that they are in the PATH ` +
    '(Debian, Ubuntu: `apt-get install erlang-base`; macOS: `brew install erlang`)'
  );
}

/** Compiles everything into a folder; throws what the compiler says. */
export function compileErlang(folder: string): void {
  // The first declares the behaviour that the others are checked against.
  const files = readdirSync(sources).filter(file => file.endsWith('.erl'));
  const order = ['troupe_bench.erl', ...files.filter(file => file !== 'troupe_bench.erl')];
  for (const group of [order.slice(0, 1), order.slice(1)]) {
    const args = ['+warnings_as_errors', '-pa', folder, '-o', folder, ...group.map(file => join(sources, file))];
    const { status, stdout, stderr } = spawnSync('erlc', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`erlc failed (code ${status}):\n${stdout}${stderr}`);
  }
}

/** One scheduler thread as ours; more processes than the default of 262 144, which skynet needs. */
export function erlangCommand(folder: string): RivalCommand {
  const args = ['+S', '1', '+P', '4000000', '-noshell', '-pa', folder, '-s', 'troupe_bench', 'main'];
  return { name: 'erlang', command: 'erl', args };
}

/** Release and version of the emulator, for the head of a table. */
export function erlangVersion(): string {
  const print = 'io:format("OTP ~s, erts ~s", [erlang:system_info(otp_release), erlang:system_info(version)]), halt().';
  return spawnSync('erl', ['-noshell', '-eval', print], { encoding: 'utf8' }).stdout;
}
