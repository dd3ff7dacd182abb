/**
 * `npm run bench`: a table of what is measured. Options, after `--`:
 *
 *     --erlang      the same work in Erlang, rounds by turns
 *     --peers       the same work with libraries that people use in Node.js (`--install` installs them first)
 *     --only NAME   one measurement, or one machine
 *     --rounds N    rounds that count (5)
 *     --json        one object a line
 *     --markdown    a table for documents
 *
 * Each measurement runs in a process of its own, several rounds after some to warm up; the table shows the median and
 * how far the rounds are apart. Figures mean something on a quiet machine only.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compileErlang, ERLANG_WORKLOADS, erlangCommand, erlangVersion, whyNoErlang } from './erlang/erlang.ts';
import { measure } from './measure.ts';
import type { Measurement } from './measurement.ts';
import { MEASUREMENTS } from './measurements.ts';
import { installPeers, peersOf, peerVersions, whyNoPeers } from './peers.ts';
import { asMarkdown, asTable, besideReport, jsonLine, notesOf, ownReport } from './report.ts';
import type { Result } from './result.ts';
import { type Contest, Rival } from './rival.ts';

/** As large as that of a worker's thread from the start: what a benchmark makes at once is not copied twice. */
const YOUNG_GENERATION = ['--min-semi-space-size=64', '--max-semi-space-size=64'];

const { values: options } = parseArgs({
  options: {
    erlang: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    install: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    /** Internal: run the measurement with this index and print its result. */
    run: { type: 'string' },
    /** Internal: what it runs beside, a JSON list of `Contest`. */
    beside: { type: 'string', default: '[]' },
  },
});

if (options.run !== undefined) {
  const opponents = (JSON.parse(options.beside) as Contest[]).map(contest => ({
    ...contest,
    rival: new Rival(contest.command),
  }));
  try {
    const result = await measure(MEASUREMENTS[Number(options.run)], Number(options.rounds), opponents);
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    for (const { rival } of opponents) rival.stop();
  }
  process.exit(0);
}

const why = (options.erlang && whyNoErlang()) || (options.peers && !options.install && whyNoPeers());
if (why) {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}
if (options.install) installPeers();

/** The compiled programs of the Erlang side. */
const code = mkdtempSync(join(tmpdir(), 'troupe-erlang-'));
process.on('exit', () => rmSync(code, { recursive: true, force: true }));
if (options.erlang) compileErlang(code);

function contestsOf({ name, machine, target }: Measurement): Contest[] {
  const key = `${machine} ${name}`;
  const contests: Contest[] = options.peers ? peersOf(key) : [];
  const erlang = options.erlang ? ERLANG_WORKLOADS[key] : undefined;
  if (erlang !== undefined) contests.push({ ...erlang, command: erlangCommand(code) });
  // A row that is there for comparison only has nothing to reach.
  return target === undefined ? contests.map(contest => ({ ...contest, ratio: undefined })) : contests;
}

/** Undefined, and said so, where it failed. */
function runApart(index: number, { name, machine, stock }: Measurement, contests: Contest[]): Result | undefined {
  const self = fileURLToPath(import.meta.url);
  const told = ['--run', String(index), '--rounds', options.rounds, '--beside', JSON.stringify(contests)];
  const child = spawnSync(process.execPath, ['--expose-gc', ...YOUNG_GENERATION, self, ...told], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: stock ? { ...process.env, TROUPE_LUA: 'stock' } : process.env,
  });
  const line = child.stdout.trim().split('\n').pop() ?? '';
  if (child.status === 0 && line.startsWith('{')) return JSON.parse(line) as Result;
  process.stderr.write(`${name} ${machine}: the measurement failed (code ${child.status})\n`);
  return undefined;
}

const beside = options.erlang || options.peers;
const results: Result[] = [];
let failed = false;
for (const [index, measurement] of MEASUREMENTS.entries()) {
  const { name, machine } = measurement;
  if (options.only !== undefined && options.only !== name && options.only !== machine) continue;
  const contests = contestsOf(measurement);
  if (beside && contests.length === 0) continue;
  const result = runApart(index, measurement, contests);
  if (result === undefined) failed = true;
  else {
    results.push(result);
    if (options.json) console.log(jsonLine(result));
  }
}

if (!options.json && results.length > 0) {
  const report = beside ? besideReport(results) : ownReport(results);
  console.log(options.markdown ? asMarkdown(report) : asTable(report));
  for (const note of notesOf(results)) console.log(note);
  const others = [...(options.erlang ? [`Erlang/${erlangVersion()}`] : []), ...(options.peers ? peerVersions() : [])];
  console.log([`Node.js ${process.versions.node}`, ...others].join('; '));
}
if (results.length === 0 && !failed) {
  const among = beside ? ' among what is compared' : '';
  process.stderr.write(`nothing is called "${options.only}"${among}\n`);
  failed = true;
}
process.exitCode = failed ? 1 : 0;
