/** Libraries that people use in Node.js for what processes are for; installed apart, in `test/bench/peers`. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Contest, RivalWorkload } from './rival.ts';

const folder = fileURLToPath(new URL('../../../test/bench/peers', import.meta.url));

const pingPong: RivalWorkload = { workload: 'ping_pong', count: 50_000 };
const spawn: RivalWorkload = { workload: 'spawn', count: 10_000 };

/** By machine and name of the measurement, then by package. */
export const PEER_WORKLOADS: { readonly [measurement: string]: { readonly [peer: string]: RivalWorkload } } = {
  'ts spawn': { xstate: spawn, nact: spawn, comedy: spawn, effect: spawn },
  'ts ping-pong': { xstate: pingPong, nact: pingPong, comedy: pingPong, effect: pingPong },
  // A pool of threads has nothing that stays on this one.
  'ts cross-ping': { piscina: { workload: 'ping_pong', count: 5000 } },
  'xstate ping-pong': { xstate: pingPong },
};

const names = [...new Set(Object.values(PEER_WORKLOADS).flatMap(peers => Object.keys(peers)))];

export function peersOf(measurement: string): Contest[] {
  return Object.entries(PEER_WORKLOADS[measurement] ?? {}).map(([name, workload]) => ({
    ...workload,
    command: { name, command: process.execPath, args: ['--no-warnings', join(folder, `${name}.js`)] },
  }));
}

/** Why they cannot be run, with what to do about it; undefined: they can. */
export function whyNoPeers(): string | undefined {
  const missing = names.filter(name => versionOf(name) === undefined);
  if (missing.length === 0) return undefined;
  return `not installed: ${missing.join(', ')}; run \`npm ci --prefix test/bench/peers\`, or add \`--install\``;
}

/** Exactly what the lock file says; throws where npm fails. */
export function installPeers(): void {
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) throw new Error(`npm ci in ${folder} failed (code ${status})`);
}

/** For the head of a table. */
export function peerVersions(): string[] {
  return names.map(name => `${name} ${versionOf(name)}`);
}

function versionOf(name: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')) as { version: string })
      .version;
  } catch {
    return undefined;
  }
}
