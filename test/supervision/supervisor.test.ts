/**
 * Supervisors of a deployment, with children in each language, on one thread and on several. Each case begins with nothing
 * running, and must leave nothing behind.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LANGUAGES, Supervised } from './supervised.ts';

const test = suite('supervisors');

const supervisor = (name: string, keys: string, ...children: string[]): string =>
  `  - {name: ${name}, kind: process.supervisor, ${keys}children: [${children.join(', ')}]}\n`;

/** All supervisors that the cases start, with children of one language. */
function supervisors(language: string): string {
  const child = (name: string, more = '', mode = ''): string =>
    `{process: ${language}, host: host, name: ${name}, input: [${name}, watcher, "${mode}"]${more}}`;
  const abc = ['a', 'b', 'c'].map(name => child(name));
  return [
    '  - {name: small, kind: process.host, allow_untrusted_ts: true, host: {max_processes: 1}}\n',
    `  - {name: service, kind: process.service, process: ${language}, host: host, input: [served, watcher],
       lifecycle: {name: served}}\n`,
    supervisor('one_for_one', 'strategy: one_for_one, ', ...abc),
    supervisor('one_for_all', 'strategy: one_for_all, ', ...abc),
    supervisor('rest_for_one', 'strategy: rest_for_one, intensity: {max: 1000000}, ', ...abc),
    supervisor(
      'kinds',
      'strategy: one_for_all, intensity: {max: 10}, ',
      child('permanent'),
      child('transient', ', restart: transient'),
      child('temporary', ', restart: temporary'),
    ),
    supervisor('few', 'intensity: {max: 2, within: 1m}, ', ...abc),
    supervisor('top', 'intensity: {max: 1, within: 1m}, ', '{process: few, restart: transient}'),
    supervisor('any', '', child('a'), child('b', ', restart: transient, significant: true')),
    supervisor(
      'all',
      'auto_shutdown: all_significant, ',
      child('a', ', restart: temporary, significant: true'),
      child('b', ', restart: transient, significant: true'),
      child('c'),
    ),
    supervisor('stubborn', '', child('a'), child('b', ', shutdown: 20ms', 'deaf'), child('c', ', shutdown: 0s')),
    supervisor('below', 'lifecycle: {name: below}, ', ...abc),
    supervisor('above', '', 'below', child('d')),
    supervisor('mixed', '', 'service', child('a', ', restart: transient', 'once'), child('b')),
    supervisor('hung', '', child('a'), child('b', ', start_timeout: 50ms', 'hangs')),
    supervisor('hanging', '', child('a'), child('b', ', shutdown: 20ms', 'hangs'), child('c')),
    supervisor(
      'full',
      '',
      child('a', ', host: small').replace('host: host, ', ''),
      child('b', ', host: small').replace('host: host, ', ''),
    ),
    supervisor('many', 'intensity: {max: 1000}, ', ...Array.from({ length: 12 }, (_, i) => child(`n${i}`))),
  ].join('');
}

const started = (...names: string[]): string[] => names.map(name => `start ${name}`);
const stopped = (...names: string[]): string[] => names.map(name => `stop ${name}`);

for (const workers of [0, 2]) {
  // What comes from several threads comes in no certain order.
  const said = (actual: string[], expected: string[], message?: string): void => {
    if (workers === 0) assert.equal(actual, expected, message);
    else assert.equal([...actual].sort(), [...expected].sort(), message);
  };

  for (const language of LANGUAGES) {
    let world: Supervised;

    test(`${language}, ${workers} workers: start`, async () => {
      world = await Supervised.start(language, supervisors(language), { workers, placement: 'round-robin' });
    });

    /** `run` gets a world in which nothing runs. */
    const check = (what: string, run: () => Promise<void>): void => {
      test(`${language}, ${workers} workers: ${what}`, async () => {
        world.log.length = 0;
        await run();
        await world.until(
          () => world.runtime.live === 0,
          () => `${world.runtime.live} processes live`,
        );
        assert.equal(world.said, [], 'nothing else was said');
      });
    };

    const cases: readonly [string, string[]][] = [
      ['one_for_one', started('b')],
      ['one_for_all', [...stopped('c', 'a'), ...started('a', 'b', 'c')]],
      ['rest_for_one', [...stopped('c'), ...started('b', 'c')]],
    ];
    for (const [strategy, expected] of cases) {
      check(`${strategy} when one fails, and the order of the end`, async () => {
        const { pid, exit } = world.watch(`s:${strategy}`);
        said(await world.heard(3), started('a', 'b', 'c'));
        const a = world.runtime.lookup('a');
        world.send('b', 'crash');
        said(await world.heard(expected.length), expected);
        assert.is(world.runtime.lookup('a') === a, strategy !== 'one_for_all');
        const line = await world.logged(/child "b" \(s:\w+\) failed; it is restarted: .*crash b/);
        assert.equal([line.level, line.id], ['warn', `s:${strategy}`]);
        world.runtime.cancel(pid, 'enough');
        said(await world.heard(3), stopped('c', 'b', 'a'));
        assert.equal((await exit).result, { value: null });
      });
    }

    check('who is restarted, by how it ends', async () => {
      const { pid } = world.watch('s:kinds');
      await world.heard(3);
      world.send('transient', 'return');
      await world.until(() => world.runtime.lookup('transient') === undefined);
      world.send('temporary', 'crash');
      await world.logged(/"temporary".*failed; it is not restarted/);
      assert.equal(world.said, [], 'neither has to run again');
      world.send('permanent', 'return');
      said(await world.heard(2), started('permanent', 'transient'), 'all that are kept are started');
      world.send('transient', 'crash');
      said(await world.heard(3), [...stopped('permanent'), ...started('permanent', 'transient')]);
      world.runtime.cancel(pid);
      said(await world.heard(2), stopped('transient', 'permanent'));
    });

    check('too many restarts: it gives up, and says why', async () => {
      const { exit } = world.watch('s:top');
      await world.heard(3);
      const giveUp = async (): Promise<void> => {
        for (const each of ['b', 'c']) {
          world.send(each, 'crash');
          said(await world.heard(1), started(each));
        }
        world.send('b', 'crash');
      };
      await giveUp();
      said(await world.heard(5), [...stopped('c', 'a'), ...started('a', 'b', 'c')], 'the one above starts it again');
      await giveUp();
      const { error } = (await exit).result!;
      said(await world.heard(2), stopped('c', 'a'));
      assert.is(error!.kind, 'UNAVAILABLE');
      assert.match(error!.message, /^supervisor s:top gave up: more than 1 restarts within 1m .*"s:few" 2 times/);
      assert.match(error!.message, /supervisor s:few gave up: .*"b" 2 times, "c" once; the last was "b" .*crash b/);
      assert.is(error!.details?.child, 's:few');
      await world.logged(/^supervisor s:top gave up/);
      const errors = world.log.filter(({ level }) => level === 'error').map(({ id }) => id);
      assert.equal(errors.sort(), ['s:few', 's:few', 's:top']);
    });

    check('a start that fails, then a restart that does', async () => {
      await world.whileBlocked('c', async () => {
        const { error } = (await world.watch('s:few').exit).result!;
        said(await world.heard(4), [...started('a', 'b'), ...stopped('b', 'a')], 'what was started is stopped');
        assert.match(error!.message, /^supervisor s:few cannot start: child "c" .*blocked c/);
      });
      const { exit } = world.watch('s:few');
      await world.heard(3);
      await world.whileBlocked('b', async () => {
        world.send('b', 'crash');
        const { error } = (await exit).result!;
        assert.match(error!.message, /"b" 3 times; the last was "b" .*blocked b/, 'each try counts');
      });
      said(await world.heard(2), stopped('c', 'a'));
    });

    check('a restart is tried again until it succeeds', async () => {
      const { pid } = world.watch('s:rest_for_one');
      await world.heard(3);
      await world.whileBlocked('c', async () => {
        world.send('b', 'crash');
        said(await world.heard(2), [...stopped('c'), ...started('b')]);
        await world.logged(/blocked c/, 3);
        assert.equal(world.said, [], 'those before it go on meanwhile');
      });
      said(await world.heard(1), started('c'));
      world.runtime.cancel(pid);
      said(await world.heard(3), stopped('c', 'b', 'a'));
    });

    check('significant children', async () => {
      const any = world.watch('s:any');
      await world.heard(2);
      world.send('b', 'crash');
      said(await world.heard(1), started('b'), 'a restart is no end');
      world.send('b', 'return');
      said(await world.heard(1), stopped('a'));
      assert.equal((await any.exit).result, { value: null });
      const all = world.watch('s:all');
      await world.heard(3);
      world.send('a', 'crash');
      await world.logged(/"a".*failed; it is not restarted/);
      world.send('b', 'return');
      said(await world.heard(1), stopped('c'));
      assert.equal((await all.exit).result, { value: null });
    });

    check('one that does not end when it is asked to', async () => {
      const { pid, exit } = world.watch('s:stubborn');
      await world.heard(3);
      world.runtime.cancel(pid, 'enough');
      said(await world.heard(2), stopped('b', 'a'), 'c is not asked at all');
      await exit;
      await world.logged(/child "b" .*did not end when it was asked to; it is terminated/);
    });

    check('the supervisor itself is ended: so are its children, and the one above starts all anew', async () => {
      const above = world.watch('s:above');
      await world.heard(4);
      const first = world.runtime.lookup('a')!;
      world.runtime.terminate('below');
      assert.equal((await world.heard(3)).sort(), started('a', 'b', 'c'));
      assert.is.not(world.runtime.lookup('a'), first);
      await world.until(
        () => world.runtime.live === 6,
        () => `${world.runtime.live} live, not 6`,
      );
      world.runtime.terminate(above.pid);
      assert.match((await above.exit).result!.error!.message, /terminated/);
      // Those below hear of it as of a CANCEL, and end in order.
      await world.until(() => world.runtime.live === 0);
      world.said.length = 0;
    });

    check('children that are services, and children that end at once', async () => {
      const { pid } = world.watch('s:mixed');
      said(await world.heard(3), started('served', 'a', 'b'));
      world.send('served', 'crash');
      said(await world.heard(1), started('served'));
      world.runtime.cancel(pid);
      said(await world.heard(2), stopped('b', 'served'));
    });

    // A step of TypeScript that does not return is ended by the watchdog of its thread, or never.
    if (language !== 'ts') {
      check('a start that computes for ever', async () => {
        const { error } = (await world.watch('s:hung').exit).result!;
        said(await world.heard(3), [...started('a', 'b'), ...stopped('a')]);
        assert.is(error!.kind, 'TIMEOUT');
        assert.match(error!.message, /child "b" .*within 50ms .*"start_timeout"/);
      });

      check('asked to end while a child starts', async () => {
        const { pid, exit } = world.watch('s:hanging');
        await world.heard(2);
        world.runtime.cancel(pid);
        assert.equal((await exit).result, { value: null });
        said(await world.heard(1), stopped('a'), 'c was never started');
      });
    }

    check('a name that is held, and a host that is full', async () => {
      world.runtime.register('b', world.runtime.pid);
      const { error } = (await world.watch('s:few').exit).result!;
      assert.is(error!.kind, 'ALREADY_EXISTS');
      assert.match(error!.message, /cannot start: child "b" .*"b" is already registered/);
      said(await world.heard(2), [...started('a'), ...stopped('a')]);
      world.release('b');
      const full = (await world.watch('s:full').exit).result!.error!;
      assert.is(full.kind, 'RATE_LIMITED');
      assert.match(full.message, /cannot start: child "b" .*host "s:small" is full/);
      said(await world.heard(2), [...started('a'), ...stopped('a')]);
    });

    if (workers > 0) {
      check('a thread is lost, with children or with their supervisor', async () => {
        const { pid, exit } = world.watch('s:many');
        await world.heard(12);
        await world.runtime.loseWorker(1);
        let over = false;
        void exit.then(() => {
          over = true;
        });
        // The supervisor lived there, or each child that did has a successor.
        const names = Array.from({ length: 12 }, (_, i) => `n${i}`);
        await world.until(() => over || names.every(each => world.runtime.lookup(each) !== undefined));
        world.runtime.cancel(pid);
        await exit;
        await world.until(() => world.runtime.live === 0);
        world.said.length = 0;
      });
    }

    test(`${language}, ${workers} workers: stop`, async () => {
      await world.stop();
    });
  }
}

test.run();
