/** What a folder's changes lead to, with the real folder and a target that notes what it is given. */
import { mkdirSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import type { DevEvent } from '../../runtime/dev/event.ts';
import { frameOfFile } from '../../runtime/dev/frames.ts';
import { type Brought, DevSession, type DevTarget } from '../../runtime/dev/session.ts';
import { TroupeError } from '../../runtime/errors.ts';
import type { Deployment } from '../../runtime/registry/load.ts';
import { sameDefinition } from '../../runtime/registry/same_definition.ts';
import { readDeployment } from '../../sdk/embed/index.ts';
import { type Files, writeDeployment } from '../deploy.ts';
import { WatchedFolder } from './events_of_folder.ts';
import { VirtualClock } from '../supervision/virtual_clock.ts';

const test = suite('dev session');

const FILES: Files = {
  'app.yaml':
    'namespace: app\nentries:\n  - {name: host, kind: process.host}\n  - {name: a, kind: process.lua, source: "file://a.lua"}\n',
  'a.lua': 'return function() end',
};

class NotingTarget implements DevTarget {
  /** Text of `a.lua` each time that something was applied. */
  readonly applied: string[] = [];
  readonly files: string[] = [];
  /** `bring` waits for it. */
  ready: Promise<void> = Promise.resolve();
  /** What the next `bring` rejects with. */
  refuse: TroupeError | undefined;
  /** How often the folder was read. */
  loads = 0;
  readonly #root: string;
  #last: Deployment | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  get running(): boolean {
    return this.#last !== undefined;
  }

  async bring(): Promise<Brought> {
    this.loads++;
    const next = await readDeployment(this.#root);
    await this.ready;
    if (this.refuse !== undefined) throw this.refuse;
    const before = this.#last?.entries ?? new Map();
    const ids = [...next.entries.keys()];
    this.#last = next;
    this.applied.push(Buffer.from(next.entries.get('app:a')?.source?.bytes ?? []).toString());
    return {
      deployment: next,
      added: ids.filter(id => !before.has(id)),
      changed: ids.filter(id => before.has(id) && !sameDefinition(before.get(id), next.entries.get(id)!)),
      removed: [...before.keys()].filter(id => !next.entries.has(id)),
      restarted: 0,
      told: 0,
    };
  }
}

class Watched {
  readonly root: string;
  readonly target: NotingTarget;
  readonly told: DevEvent[] = [];
  readonly session: DevSession;
  #seen = 0;
  #look: () => void = () => undefined;

  constructor(files: Files = FILES, clock: Clock = systemClock) {
    this.root = realpathSync(writeDeployment(files));
    this.target = new NotingTarget(this.root);
    this.session = new DevSession({
      root: this.root,
      target: this.target,
      tell: event => {
        this.told.push(event);
        this.#look();
      },
      frame: place => frameOfFile(this.root, place),
      clock,
    });
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  /** The next thing that is told. */
  async next(): Promise<DevEvent> {
    while (this.told.length <= this.#seen) {
      await new Promise<void>(resolve => {
        this.#look = resolve;
      });
    }
    return this.told[this.#seen++];
  }

  async expect<E extends DevEvent['event']>(event: E): Promise<Extract<DevEvent, { event: E }>> {
    const next = await this.next();
    assert.is(next.event, event, JSON.stringify(next));
    return next as Extract<DevEvent, { event: E }>;
  }
}

const all: Watched[] = [];

async function started(clock?: Clock): Promise<Watched> {
  const watched = new Watched(FILES, clock);
  all.push(watched);
  await watched.session.start();
  await watched.expect('started');
  return watched;
}

/** Until the folder was read so often. */
async function loaded(watched: Watched, count: number): Promise<void> {
  while (watched.target.loads < count) await new Promise(resolve => setImmediate(resolve));
}

/** Until all that has happened in a folder was told to its watches: those of one process get it in the order of events. */
async function settled(root: string): Promise<void> {
  const folder = new WatchedFolder(root);
  await folder.settled();
  folder.watch.close();
}

test.after.each(async () => {
  for (const { session } of all.splice(0)) await session.close();
});

test('what changes is applied, and said with its files', async () => {
  const watched = await started();
  watched.write('a.lua', 'return function() return 1 end');
  const { changed, files, fixed, ms } = await watched.expect('applied');
  assert.equal([changed, files, fixed], [['app:a'], ['a.lua'], false]);
  assert.ok(ms >= 30 && ms < 10_000);
  assert.is(watched.target.applied.at(-1), 'return function() return 1 end');
});

test('what changes while something is applied is not missed, not even at the start', async () => {
  const watched = new Watched();
  all.push(watched);
  let release = (): void => undefined;
  const hold = (): void => {
    watched.target.ready = new Promise(resolve => {
      release = resolve;
    });
  };
  hold();
  const starting = watched.session.start();
  await loaded(watched, 1);
  watched.write('a.lua', 'return function() return "early" end');
  await settled(watched.root);
  release();
  await starting;
  await watched.expect('started');
  assert.equal((await watched.expect('applied')).files, ['a.lua']);
  assert.equal(watched.target.applied, ['return function() end', 'return function() return "early" end']);
  // A source that was none when the folder was read.
  const { loads } = watched.target;
  hold();
  watched.write('b.lua', 'return function() return 1 end');
  watched.write('app.yaml', `${FILES['app.yaml']}  - {name: b, kind: process.lua, source: "file://b.lua"}\n`);
  await loaded(watched, loads + 1);
  watched.write('b.lua', 'return function() return 2 end');
  await settled(watched.root);
  release();
  assert.equal((await watched.expect('applied')).added, ['app:b']);
  assert.equal((await watched.expect('applied')).changed, ['app:b']);
});

test('new YAML and new entries', async () => {
  const watched = await started();
  watched.write('more/b.yaml', 'namespace: more\nentries:\n  - {name: b, kind: registry.entry}\n');
  assert.equal((await watched.expect('applied')).added, ['more:b']);
  rmSync(join(watched.root, 'more'), { recursive: true });
  assert.equal((await watched.expect('applied')).removed, ['more:b']);
});

test('a file that nothing reads is not worth a look', async () => {
  const watched = await started();
  const { loads } = watched.target;
  watched.write('data/log.txt', 'a line');
  watched.write('notes.lua', 'no entry names it');
  // What is told next is about something else, after one look for the folder and one for this file at most.
  watched.write('a.lua', 'return function() return 2 end');
  assert.equal((await watched.expect('applied')).changed, ['app:a']);
  assert.ok(watched.target.loads <= loads + 2, `${watched.target.loads - loads} looks`);
});

test('a file that a program reads is, wherever it lies', async () => {
  const watched = await started();
  const { root, target } = watched;
  target.files.push(join(root, 'dist/lib.js'));
  mkdirSync(join(root, 'dist'));
  watched.write('a.lua', 'return function() return 3 end');
  await watched.expect('applied');
  const { loads } = watched.target;
  watched.write('dist/lib.js', 'export default 1;');
  watched.target.refuse = new TroupeError('it was applied', { kind: 'CONFLICT' });
  const { problems } = await watched.expect('broken');
  assert.is(problems[0].message, 'it was applied');
  assert.ok(watched.target.loads > loads);
});

test('a file behind a link, edited itself, and a link that leads elsewhere', async () => {
  const watched = new Watched({ ...FILES, 'one/a.lua': 'return function() return 1 end', 'two/a.lua': 'return 2' });
  all.push(watched);
  const { root } = watched;
  rmSync(join(root, 'a.lua'));
  symlinkSync('now/a.lua', join(root, 'a.lua'));
  symlinkSync('one', join(root, 'now'));
  await watched.session.start();
  await watched.expect('started');
  watched.write('one/a.lua', 'return function() return 3 end');
  const edited = await watched.expect('applied');
  assert.equal(edited.changed, ['app:a']);
  // The links themselves were made a moment before.
  assert.ok(edited.files.includes('one/a.lua'), edited.files.join(' '));
  symlinkSync('two', join(root, 'next'));
  renameSync(join(root, 'next'), join(root, 'now'));
  assert.equal((await watched.expect('applied')).changed, ['app:a']);
  assert.is(watched.target.applied.at(-1), 'return 2');
});

test('what is broken is said once with the lines around it; then that it is fixed', async () => {
  const watched = await started();
  watched.write('app.yaml', String(FILES['app.yaml']).replace('process.lua', 'process.lau'));
  const { problems, running, same } = await watched.expect('broken');
  assert.equal([running, same, problems.length], [true, false, 1]);
  assert.match(problems[0].message, 'did you mean "process.lua"?');
  assert.equal(problems[0].place, { file: 'app.yaml', line: 4, column: 21 });
  assert.match(problems[0].frame, '> 4 |   - {name: a, kind: process.lau, source: "file://a.lua"}\n');
  assert.match(problems[0].frame, /^ {4}\| {21}\^$/m);
  watched.write('app.yaml', `${String(FILES['app.yaml']).replace('process.lua', 'process.lau')}\n`);
  assert.ok((await watched.expect('broken')).same);
  watched.write('app.yaml', String(FILES['app.yaml']));
  const { fixed, changed, added, removed } = await watched.expect('applied');
  assert.equal([fixed, changed, added, removed], [true, [], [], []]);
  assert.is(watched.target.applied.length, 2);
});

test('while something is missing, any file may be it', async () => {
  const watched = await started();
  watched.write('app.yaml', String(FILES['app.yaml']).replace('a.lua', 'sub/main.lua'));
  assert.match((await watched.expect('broken')).problems[0].message, 'there is no file sub/main.lua');
  watched.write('sub/main.lua', 'return function() end');
  const { fixed, changed } = await watched.expect('applied');
  assert.equal([fixed, changed], [true, ['app:a']]);
});

/** Until so many timers are armed: the change that was just made has been seen. */
async function armed(clock: VirtualClock, count: number): Promise<void> {
  while (clock.armed !== count) await new Promise(resolve => setImmediate(resolve));
}

test('a file that is saved in pieces is not seen half saved', async () => {
  const clock = new VirtualClock();
  const watched = await started(clock);
  const text = 'return function() return "whole" end';
  // YAML that ends in the middle of a line is wrong, until the rest is there.
  const yaml = `${FILES['app.yaml']}  - {name: c, kind: registry.entry}\n`;
  const saves = [
    ['a.lua', '', text],
    ['app.yaml', yaml.slice(0, -20), yaml],
  ];
  for (const [file, half, whole] of saves) {
    watched.write(file, half);
    await armed(clock, 1);
    await clock.advance(30);
    // It was looked at, and will be once more; meanwhile the rest is written.
    await armed(clock, 1);
    watched.write(file, whole);
    await armed(clock, 2);
    await clock.advance(100);
    assert.equal((await watched.expect('applied')).files, [file]);
    await armed(clock, 0);
  }
  assert.equal(watched.target.applied.slice(1), [text, text]);
  assert.is(watched.told.length, 3);
});

test('a file that stays empty is taken as it is, a moment later', async () => {
  const clock = new VirtualClock();
  const watched = await started(clock);
  watched.write('a.lua', '');
  await armed(clock, 1);
  await clock.advance(129);
  await armed(clock, 1);
  assert.is(watched.target.applied.length, 1);
  await clock.advance(1);
  const { changed, ms } = await watched.expect('applied');
  assert.equal([changed, ms], [['app:a'], 130]);
  assert.is(watched.target.applied.at(-1), '');
});

test('an editor that renames another file into place', async () => {
  const watched = await started();
  for (const version of [1, 2, 3]) {
    const text = `return function() return ${version} end`;
    watched.write('.a.lua.tmp', text);
    renameSync(join(watched.root, '.a.lua.tmp'), join(watched.root, 'a.lua'));
    assert.equal((await watched.expect('applied')).changed, ['app:a']);
    assert.is(watched.target.applied.at(-1), text);
  }
});

test('many saves at once are one change', async () => {
  const watched = await started();
  for (let i = 0; i < 50; i++) watched.write('a.lua', `return function() return ${i} end`);
  await watched.expect('applied');
  assert.is(watched.target.applied.at(-1), 'return function() return 49 end');
});

test('the folder goes and comes back, changed', async () => {
  const watched = await started();
  const { root } = watched;
  renameSync(root, `${root}-away`);
  assert.ok((await watched.expect('gone')).running);
  writeFileSync(join(`${root}-away`, 'a.lua'), 'return function() return "back" end');
  renameSync(`${root}-away`, root);
  await watched.expect('back');
  assert.equal((await watched.expect('applied')).changed, ['app:a']);
  watched.write('a.lua', 'return function() return "after" end');
  assert.equal((await watched.expect('applied')).changed, ['app:a']);
});

test('settings that are taken at the start only are named, once', async () => {
  const watched = await started();
  const settings = (text: string): void => watched.write('.troupe.yaml', `security: {strict_mode: false}\n${text}`);
  settings('workers: 3\nwatchdog: 2s\n');
  assert.equal((await watched.expect('restart_needed')).settings, ['watchdog', 'workers']);
  settings('workers: 3\nwatchdog: 2s\noverride: {"app:a:meta": {note: x}}\n');
  assert.equal((await watched.expect('applied')).changed, ['app:a']);
  settings('');
  assert.equal((await watched.expect('applied')).changed, ['app:a']);
  assert.equal((await watched.expect('restart_needed')).settings, []);
});

test('what cannot be applied has no place, and the next try is made with the next change', async () => {
  const watched = await started();
  watched.target.refuse = new TroupeError('host app:host has 3 processes', { kind: 'CONFLICT' });
  watched.write('a.lua', 'return function() return 5 end');
  const { problems } = await watched.expect('broken');
  assert.equal(problems, [{ place: null, message: 'host app:host has 3 processes', kind: 'CONFLICT', frame: '' }]);
  watched.target.refuse = undefined;
  watched.write('a.lua', 'return function() return 6 end');
  assert.ok((await watched.expect('applied')).fixed);
});

test('it begins with what is broken, or with nothing, and runs when it can', async () => {
  for (const file of [undefined, 'app.yaml']) {
    const watched = new Watched(file === undefined ? {} : { ...FILES, [file]: 'namespace: [' });
    all.push(watched);
    await watched.session.start();
    assert.not((await watched.expect('broken')).running);
    for (const [path, text] of Object.entries(FILES)) watched.write(path, String(text));
    let event = await watched.next();
    // The files do not come all at once.
    while (event.event === 'broken') event = await watched.next();
    assert.is(event.event, 'started');
  }
});

test.run();
