/** The matrix of `troupe check`: entry x host x capability, and what is worth a second look in it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CapabilityMatrix } from '../../runtime/hosts/capability_matrix.ts';
import { writeDeployment } from '../deploy.ts';
import { troupe } from './troupe.ts';

const test = suite('check');

const LUA = 'source: "return function() end"';

/** A deployment with these hosts and programs. */
function deployment(...entries: string[]): string {
  const list = entries.map(entry => `  - ${entry}\n`).join('');
  return writeDeployment({ '.troupe.yaml': '', 'a.yaml': `version: "1.0"\nnamespace: app\nentries:\n${list}` });
}

const HOSTS = [
  '{name: plain, kind: process.host, trusted: true}',
  '{name: box, kind: process.host, capabilities: {time: , store: , json: }}',
  '{name: tty, kind: terminal.host}',
];

async function check(
  root: string,
): Promise<{ code: number | null; lines: string[]; errors: string; matrix: CapabilityMatrix }> {
  const { code, stdout, stderr } = await troupe('check', '-C', root);
  const json = await troupe('check', '--json', '-C', root);
  assert.is(json.code, code);
  return { code, lines: stdout.trimEnd().split('\n'), errors: stderr, matrix: JSON.parse(json.stdout) };
}

/** Cells of the rows of the table. */
function cells(lines: readonly string[]): string[][] {
  const rows = lines.filter(line => line.startsWith('│'));
  return rows.map(row =>
    row
      .split('│')
      .slice(1, -1)
      .map(cell => cell.trim()),
  );
}

test('each entry on each host that runs it: what it uses, and what is granted for nothing', async () => {
  const { code, lines, matrix } = await check(
    deployment(
      ...HOSTS,
      `{name: job, kind: process.lua, ${LUA}, modules: [json, time, channel]}`,
      `{name: cmd, kind: process.lua, ${LUA}, modules: [io], meta: {command: {name: cmd}}}`,
      `{name: add, kind: function.lua, method: main, ${LUA}, modules: [time], meta: {default_host: app:box}}`,
      '{name: one, kind: process.service, process: job, host: box}',
      '{name: two, kind: process.service, process: job, host: plain}',
    ),
  );
  assert.is(code, 0);
  const all = matrix.hosts.find(({ id }) => id === 'app:plain')!.granted.length;
  assert.equal(cells(lines), [
    ['entry', 'host', 'wanted and granted', 'granted, unused'],
    ['app:job', 'app:box (strict)', 'json time', 'store'],
    ['app:job', 'app:plain (trusted)', 'json time', `${all - 2} of the defaults`],
    ['app:cmd', 'app:tty', 'io', `${all} of the defaults`],
    ['app:add', 'app:box (strict)', 'time', 'json store'],
  ]);
  assert.ok(lines.includes('app:box grants store, which no entry that runs there wants'));
  assert.match(lines.at(-1)!, /^ok: 8 entries, 3 programs compiled and linked$/);
  assert.equal(
    matrix.rows.find(({ entry }) => entry === 'app:add'),
    {
      ...{ entry: 'app:add', host: 'app:box', said: true },
      ...{ granted: ['json', 'store', 'time'], wanted: ['time'], missing: [], unused: ['json', 'store'] },
    },
  );
});

test('what is missing is shown, and the deployment is refused', async () => {
  const { code, lines, errors, matrix } = await check(
    deployment(
      ...HOSTS,
      `{name: job, kind: process.lua, ${LUA}, modules: [json, fs, hash]}`,
      '{name: one, kind: process.service, process: job, host: box}',
    ),
  );
  assert.is(code, 2);
  assert.equal(cells(lines)[1], ['app:job', 'app:box (strict)', 'json', 'fs hash', 'store time']);
  assert.match(errors, '"app:job" imports "fs", which host "app:box" does not grant');
  assert.match(errors, 'nothing was started');
  assert.equal(matrix.rows[0].missing, ['fs', 'hash']);
  assert.ok((matrix as unknown as { problems: unknown[] }).problems.length > 0);
});

test('an entry of which nobody says where it runs is shown wherever it could', async () => {
  const job = `{name: job, kind: process.lua, ${LUA}, modules: [hash]}`;
  const other = '{name: other, kind: process.host}';
  const { lines } = await check(deployment(...HOSTS, other, job));
  assert.equal(
    cells(lines)
      .slice(1)
      .map(([, host]) => host),
    ['app:plain * (trusted)', 'app:other *'],
  );
  assert.ok(lines.includes('* if it is spawned there: nothing in the deployment says where it runs'));
  const nowhere = `{name: job, kind: process.lua, ${LUA}, modules: [crypto]}`;
  const { lines: shown, code } = await check(deployment(...HOSTS, nowhere));
  assert.equal(
    cells(shown)
      .slice(1)
      .map(([, host, , missing]) => [host, missing]),
    [
      ['app:plain * (trusted)', 'crypto'],
      ['app:box * (strict)', 'crypto'],
    ],
  );
  assert.is(code, 0, 'nothing says that it will be spawned');
});

test('whoever will be denied for want of an actor and a scope is named', async () => {
  const job = `{name: job, kind: process.lua, ${LUA}}`;
  const service = '{name: one, kind: process.service, process: job, host: box';
  const identity = 'lifecycle: {security: {actor: {id: ann}}}';
  const strict = (lines: readonly string[]) => lines.filter(line => line.includes(' is strict: '));

  const { lines } = await check(deployment(...HOSTS, job, `${service}}`));
  assert.equal(strict(lines).length, 1);
  assert.match(strict(lines)[0], 'app:box is strict: policies deny app:one all that they guard');
  assert.match(strict(lines)[0], 'write "lifecycle: {security: {actor: {id: ...}, policies: [...]}}" in the service');
  assert.equal(strict((await check(deployment(...HOSTS, job, `${service}, ${identity}}`))).lines), []);

  const box = `{name: box, kind: process.host, capabilities: {time: }, ${identity}}`;
  const program = `{name: job, kind: process.lua, ${LUA}, meta: {default_host: app:box}}`;
  assert.equal(strict((await check(deployment(box, job, `${service}}`))).lines), []);
  assert.equal(strict((await check(deployment(box, program))).lines), []);
  const spawned = strict((await check(deployment(...HOSTS, program))).lines);
  assert.equal(spawned.length, 1);
  assert.match(spawned[0], 'app:box is strict: app:job act for whoever spawns them');
});

test('thirty entries are thirty lines that fit a screen', async () => {
  const programs = Array.from(
    { length: 30 },
    (_, i) =>
      `{name: program.number${i}, kind: process.lua, ${LUA}, modules: [time, json, store], meta: {default_host: app:box}}`,
  );
  const { lines } = await check(deployment(...HOSTS, ...programs));
  assert.is(cells(lines).length, 31);
  for (const line of lines.filter(each => each.startsWith('│'))) assert.ok(line.length <= 120, line);
});

test.run();
