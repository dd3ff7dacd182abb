/** Out of the granted folder: by text, by links, by what the operating system puts into folders; and into it where it is read-only. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LANGUAGES, type Outcome, refusal, Stage, type Step } from './stage.ts';

const test = suite('attack: out of the granted folder');

/** Outside of everything that is granted. */
const outside = mkdtempSync(join(tmpdir(), 'troupe-outside-'));
writeFileSync(join(outside, 'secret.txt'), 'secret');

const grant = (write: boolean): string => `capabilities: {fs: {root: data, write: ${write}}, time: {}, ctx: {}}`;
const stage = await Stage.start({
  entries: [
    `{name: cell, kind: process.host, allow_untrusted_ts: true, ${grant(true)}}`,
    `{name: readers, kind: process.host, allow_untrusted_ts: true, ${grant(false)}}`,
    // The text of the one is the beginning of the other's.
    '{name: none, kind: process.host, allow_untrusted_ts: true, capabilities: {time: {}, ctx: {}}}',
  ],
  imports: ['time', 'ctx', 'fs'],
  wasm: 'attacker_fs.as.ts',
  files: {
    'data/inside.txt': 'inside',
    'data/sub/deep.txt': 'deep',
    'database/secret.txt': 'secret',
    'top.txt': 'secret',
  },
});
const { root } = stage.runtime.deployment;
const data = join(root, 'data');
symlinkSync(outside, join(data, 'out'));
symlinkSync(join(outside, 'secret.txt'), join(data, 'secret'));
symlinkSync('../top.txt', join(data, 'up'));
symlinkSync('/', join(data, 'slash'));
symlinkSync('/proc/self', join(data, 'self'));
symlinkSync(join(outside, 'not there yet.txt'), join(data, 'dangling'));
symlinkSync('circle', join(data, 'circle'));
symlinkSync('sub/deep.txt', join(data, 'within'));

/** Names of what lies outside. */
const PATHS = [
  ...['..', '../top.txt', 'sub/../../top.txt', './/../top.txt', '../data/../top.txt', '../database/secret.txt'],
  ...['/etc/passwd', '/proc/self/environ', '/proc/self/cwd', '/dev/zero', join(outside, 'secret.txt'), '//etc/passwd'],
  ...[
    'out',
    'out/secret.txt',
    'secret',
    'up',
    'slash/etc/passwd',
    'self/environ',
    'self/root/etc/passwd',
    'sub/../out/secret.txt',
  ],
  ...['dangling', 'circle', 'sub/../../data/../top.txt'],
];
const MALFORMED = ['inside.txt\0', '\0', 'inside.txt\0/../../top.txt', ''];
/** By text they lie inside, and they are not there. */
const ABSENT = [
  '..\\top.txt',
  '%2e%2e/top.txt',
  '~/secret',
  'file:///etc/passwd',
  'sub/..%2f..%2ftop.txt',
  '․․/top.txt',
];

const reading = (path: string): Step[] => [
  ['operate', 'fs', 'read_file', path],
  ['operate', 'fs', 'list', path],
  ['operate', 'fs', 'stat', path],
  ['operate', 'fs', 'open', path],
];
const changing = (path: string): Step[] => [
  ['operate', 'fs', 'write_file', path, 'mine'],
  ['operate', 'fs', 'open', path, { write: true, create: true, truncate: true }],
  ['operate', 'fs', 'make_directory', `${path}/folder`],
  ['operate', 'fs', 'rename', 'inside.txt', `${path}/moved.txt`],
];

function refusedAll(outcomes: readonly Outcome[], steps: readonly Step[], ...kinds: string[]): void {
  assert.is(outcomes.length, steps.length);
  for (const [i, outcome] of outcomes.entries()) {
    assert.ok(kinds.includes(refusal(outcome)), `${JSON.stringify(steps[i])}: ${refusal(outcome)}`);
    // What is outside is not told of either: no path of this machine that the program did not write itself.
    const told = outcome.error!.message.replace(String(steps[i][3]), '').replace(String(steps[i][4]), '');
    assert.not.ok(told.includes(outside) || told.includes(root), told);
  }
}

/** What an attack could have changed. */
function untouched(): void {
  assert.is(readFileSync(join(outside, 'secret.txt'), 'utf8'), 'secret');
  assert.is(readFileSync(join(root, 'top.txt'), 'utf8'), 'secret');
  assert.is(readFileSync(join(data, 'inside.txt'), 'utf8'), 'inside');
  for (const path of ['folder', 'moved.txt', 'not there yet.txt', 'out'])
    assert.not.ok(existsSync(join(outside, path)), path);
  for (const path of ['folder', 'moved.txt']) assert.not.ok(existsSync(join(root, path)), path);
}

for (const language of LANGUAGES) {
  test(`${language}: nothing outside can be read, listed or opened`, async () => {
    for (const path of PATHS) {
      const steps = reading(path);
      refusedAll(await stage.attack(language, 'app:cell', steps), steps, 'PERMISSION_DENIED', 'NOT_FOUND');
    }
  });

  test(`${language}: nothing outside can be written, made or moved to`, async () => {
    for (const path of PATHS) {
      const steps = changing(path);
      refusedAll(await stage.attack(language, 'app:cell', steps), steps, 'PERMISSION_DENIED', 'NOT_FOUND', 'INVALID');
      untouched();
    }
  });

  test(`${language}: a name is all of its characters`, async () => {
    for (const path of MALFORMED) {
      const [read] = await stage.attack(language, 'app:cell', reading(path));
      assert.is(refusal(read), 'INVALID', JSON.stringify(path));
    }
    for (const path of ABSENT) {
      const [read] = await stage.attack(language, 'app:cell', reading(path));
      assert.is(refusal(read), 'NOT_FOUND', path);
    }
  });

  test(`${language}: where reading is granted nothing can be changed`, async () => {
    const steps = [
      ...changing('new.txt'),
      ...changing('sub'),
      ['operate', 'fs', 'remove', 'inside.txt'],
      ['operate', 'fs', 'open', 'inside.txt', { append: true }],
    ] as Step[];
    refusedAll(await stage.attack(language, 'app:readers', steps), steps, 'PERMISSION_DENIED');
    untouched();
    assert.not.ok(existsSync(join(data, 'new.txt')));
  });

  test(`${language}: removing or moving a link is of the link, not of what it leads to`, async () => {
    symlinkSync(join(outside, 'secret.txt'), join(data, 'bait'));
    const [moved, read, removed] = await stage.attack(language, 'app:cell', [
      ['operate', 'fs', 'rename', 'bait', 'sub/bait'],
      ['operate', 'fs', 'read_file', 'sub/bait'],
      ['operate', 'fs', 'remove', 'sub/bait'],
    ]);
    assert.is(moved.error, undefined);
    assert.is(refusal(read), 'PERMISSION_DENIED');
    assert.is(removed.error, undefined);
    untouched();
  });

  test(`${language}: a pipe and a device keep nobody waiting`, async () => {
    execFileSync('mkfifo', [join(data, 'pipe')]);
    symlinkSync('/dev/zero', join(data, 'zero'));
    const outcomes = await stage.attack(language, 'app:cell', [
      ['operate', 'fs', 'write_file', 'pipe', 'x'],
      ['operate', 'fs', 'read_file', 'zero'],
      ['operate', 'fs', 'open', 'zero'],
    ]);
    assert.equal(
      outcomes.map(outcome => outcome.error === undefined),
      [false, false, false],
    );
    // More than the threads that Node.js opens files in.
    const opened = Array.from({ length: 8 }, () =>
      stage.attack(language, 'app:cell', [['operate', 'fs', 'read_file', 'pipe']]),
    );
    await Promise.all(opened);
    assert.is((await stage.try(language, 'app:cell', 'operate', 'fs', 'read_file', 'inside.txt')).ok, 'inside');
    rmSync(join(data, 'pipe'));
    rmSync(join(data, 'zero'));
  });

  test(`${language}: a handle of another process is none`, async () => {
    const owner = stage.begin(language, 'app:cell', [
      ['operate', 'fs', 'open', 'inside.txt'],
      ['receive', 60_000],
    ]);
    const guesses = Array.from({ length: 40 }, (_, i): Step => ['operate', 'fs', 'read', i + 1]);
    for (const outcome of await stage.attack(language, 'app:cell', guesses)) assert.is(refusal(outcome), 'NOT_FOUND');
    stage.runtime.terminate(owner);
  });

  test(`${language}: without the grant there is not even the import`, async () => {
    const refused = await stage.attack(language, 'app:none', []).catch(error => error);
    assert.is(refused.kind, 'PERMISSION_DENIED');
    assert.match(refused.message, /"fs", which host "app:none" does not grant/);
  });

  test(`${language}: control: what is inside can be read, linked within, written and removed`, async () => {
    linkSync(join(data, 'inside.txt'), join(data, 'hard.txt'));
    const outcomes = await stage.attack(language, 'app:cell', [
      ['operate', 'fs', 'read_file', 'sub/../inside.txt'],
      ['operate', 'fs', 'read_file', 'within'],
      ['operate', 'fs', 'read_file', 'hard.txt'],
      ['operate', 'fs', 'write_file', 'sub/new.txt', 'new'],
      ['operate', 'fs', 'read_file', 'sub/new.txt'],
      ['operate', 'fs', 'remove', 'sub/new.txt'],
      ['operate', 'fs', 'remove', 'hard.txt'],
    ]);
    assert.equal(
      outcomes.slice(0, 3).map(({ ok }) => ok),
      ['inside', 'deep', 'inside'],
    );
    assert.is(outcomes[4].ok, 'new');
    assert.equal(
      outcomes.filter(({ error }) => error !== undefined),
      [],
    );
  });
}
test.before(() => {
  mkdirSync(join(data, 'empty'));
});
test.after(async () => {
  await stage.end();
  rmSync(outside, { recursive: true });
});
test.run();
