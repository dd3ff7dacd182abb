/**
 * `npm run bench`: a table; `-- --json` one object a line; `-- --only NAME` one measurement, or one machine.
 *
 * Each measurement runs in a process of its own, several rounds after one to warm up; the table shows the median and
 * how far the rounds are apart. Figures mean something on a quiet machine only.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { machinesModule, machineTypes } from '../../machines/index.ts';
import { Runtime } from '../../runtime/runtime.ts';
import { readDeployment } from '../../sdk/embed/index.ts';
import type { Measurement } from './measurement.ts';
import { MEASUREMENTS } from './measurements.ts';

const programs = fileURLToPath(new URL('../../../test/bench/programs', import.meta.url));

interface Result {
  readonly name: string;
  readonly machine: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly least: number;
  readonly most: number;
  readonly target: number | undefined;
  readonly atLeast: boolean;
}

async function measure(measurement: Measurement, rounds: number): Promise<Result> {
  const { name, machine, what, unit, target, count, atLeast = false } = measurement;
  const runtime = await Runtime.start({
    deployment: await readDeployment(programs),
    machines: machineTypes,
    machinesModule,
    workers: measurement.workers,
    placement: 'round-robin',
    onCrash: (_pid, id, error) => {
      if (error.message !== 'process terminated') process.stderr.write(`${id}: ${error.message}\n`);
    },
  });
  const values: number[] = [];
  if (measurement.once || unit === 'bytes') values.push(await measurement.run(runtime, count));
  else {
    // Twice, so that what is measured is compiled code.
    for (let i = 0; i < 2; i++) await measurement.run(runtime, count);
    for (let i = 0; i < rounds; i++) values.push(await measurement.run(runtime, count));
  }
  await runtime.halt();
  values.sort((a, b) => a - b);
  const rounded = values.map(value => Math.round(value * 10) / 10);
  const value = rounded[rounded.length >> 1];
  return { name, machine, what, value, unit, least: rounded[0], most: rounded[rounded.length - 1], target, atLeast };
}

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    /** Internal: run the measurement with this index and print its result. */
    run: { type: 'string' },
  },
});

if (options.run !== undefined) {
  const result = await measure(MEASUREMENTS[Number(options.run)], Number(options.rounds));
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exit(0);
}

const results: Result[] = [];
let failed = false;
for (const [index, { name, machine, stock }] of MEASUREMENTS.entries()) {
  if (options.only !== undefined && options.only !== name && options.only !== machine) continue;
  const child = spawnSync(
    process.execPath,
    ['--expose-gc', fileURLToPath(import.meta.url), '--run', String(index), '--rounds', options.rounds],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      env: stock ? { ...process.env, TROUPE_LUA: 'stock' } : process.env,
    },
  );
  const line = child.stdout.trim().split('\n').pop() ?? '';
  if (child.status !== 0 || !line.startsWith('{')) {
    process.stderr.write(`${name} ${machine}: the measurement failed (code ${child.status})\n`);
    failed = true;
    continue;
  }
  const result = JSON.parse(line) as Result;
  results.push(result);
  if (options.json) console.log(JSON.stringify({ name, machine, value: result.value, unit: result.unit }));
}

if (!options.json) {
  const table = new Table({
    head: ['name', 'machine', 'what', 'median', 'least', 'most', 'target', ''],
    style: { head: [], border: [] },
  });
  for (const { name, machine, what, value, unit, least, most, target, atLeast } of results) {
    table.push([
      name,
      machine,
      what,
      `${value} ${unit}`,
      least,
      most,
      target === undefined ? '' : `${atLeast ? '>=' : '<='} ${target}`,
      target === undefined ? '' : (atLeast ? value >= target : value <= target) ? 'reached' : 'not reached',
    ]);
  }
  console.log(table.toString());
}
if (results.length === 0) {
  process.stderr.write(`nothing is called "${options.only}"\n`);
  failed = true;
}
process.exitCode = failed ? 1 : 0;
