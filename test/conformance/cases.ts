/**
 * The rules of semantics sections 1 to 4 as cases over agents. `a` acts, `b` is acted upon; both are agents of some
 * language. One table: the test runs it for every pair of languages, on one thread and across threads.
 */
import * as assert from 'uvu/assert';
import type { Payload } from '../../runtime/machine.ts';
import { given, hostOf, smallHostOf, type World } from './world.ts';

export interface Case {
  /** Section of the semantics and the rule in short. */
  readonly rule: string;
  run(world: World, a: string, b: string): Promise<void>;
}

export const CASES: readonly Case[] = [
  // --- 1. identity ------------------------------------------------------------------------------------------------
  {
    rule: '1 a PID is {host|0x00001} and the same text for everybody',
    async run(world, a, b) {
      const first = await world.agent(a);
      assert.match(first.pid, /^\{c:\w+\|0x[0-9a-f]{5,}\}$/);
      assert.is(await first.must('pid'), first.pid);
      assert.is(await first.must('id'), `c:${a}`);
      const pid = await first.must('spawn', { how: 'spawn', id: `c:${b}`, host: hostOf(b), args: [] });
      assert.is(await world.adopt(pid).must('pid'), pid);
    },
  },
  {
    rule: '1 a PID is that text and no other: another host, more zeros, other digits name nobody',
    async run(world, a, b) {
      const [x, y] = [await world.agent(a), await world.agent(b)];
      const forged = [
        y.pid.replace(/c:\w+/, 'c:small'),
        y.pid.replace('0x', '0x0'),
        y.pid.replace('0x', '0X'),
        '{}',
        '{|0x}',
      ];
      for (const to of forged) {
        assert.is(await x.refused('send', { to, topic: 'hi', payloads: [1] }), 'NOT_FOUND', to);
        assert.is(await x.refused('monitor', { pid: to }), 'NOT_FOUND', to);
        assert.is(await x.refused('terminate', { to }), 'NOT_FOUND', to);
      }
      assert.is(await y.must('nothing'), true);
    },
  },
  {
    rule: '1 a registered name will do as a destination',
    async run(world, a, b) {
      const [x, y] = [await world.agent(a), await world.agent(b)];
      const name = `name of ${y.pid}`;
      await y.must('register', { name });
      await x.must('send', { to: name, topic: 'hi', payloads: [1] });
      assert.equal(
        (await y.mail(1)).map(([topic, payload]) => [topic, payload]),
        [['hi', 1]],
      );
      await x.must('monitor', { pid: name });
      await x.must('terminate', { to: name });
      assert.is((await x.events(1))[0].from, y.pid);
    },
  },
  // --- 2. spawn ---------------------------------------------------------------------------------------------------
  {
    rule: '2 spawn hands over the arguments',
    async run(world, a, b) {
      const parent = await world.agent(a);
      const args: Payload[] = [1, 'two', [3], { four: 4 }];
      const pid = await parent.must('spawn', { how: 'spawn', id: `c:${b}`, host: hostOf(b), args: given(b, ...args) });
      assert.equal(await world.adopt(pid).must('args'), args);
    },
  },
  {
    rule: '2 spawn_monitored: EXIT even of a child that ends at once',
    async run(world, a, b) {
      const parent = await world.agent(a);
      const pid = await parent.must('spawn', {
        how: 'spawn_monitored',
        id: `c:${b}`,
        host: hostOf(b),
        args: given(b, 'return', 5),
      });
      const [event] = await parent.events(1);
      assert.is(event.kind, 'pid.exit');
      assert.is(event.from, pid);
      assert.is(event.value, 5);
    },
  },
  {
    rule: '2 spawn_linked: an abnormal end of the child ends the parent',
    async run(world, a, b) {
      const [watcher, parent] = [await world.agent(a), await world.agent(a)];
      await watcher.must('monitor', { pid: parent.pid });
      const pid = await parent.must('spawn', { how: 'spawn_linked', id: `c:${b}`, host: hostOf(b), args: [] });
      world.adopt(pid).tell('raise', { message: 'child broke' });
      const [event] = await watcher.events(1);
      assert.match(event.error!.message, /^linked process failed/);
      assert.ok(event.error!.message.includes(pid), 'it names the process');
    },
  },
  {
    rule: '2 spawn_linked_monitored: EXIT, then LINK_DOWN, for one that traps',
    async run(world, a, b) {
      const parent = await world.agent(a);
      await parent.must('set_options', { trap_links: true });
      await parent.must('spawn', {
        how: 'spawn_linked_monitored',
        id: `c:${b}`,
        host: hostOf(b),
        args: given(b, 'raise', 'broke'),
      });
      const events = await parent.events(2);
      assert.equal(
        events.map(event => event.kind),
        ['pid.exit', 'pid.link.down'],
      );
      assert.match(events[0].error!.message, /broke/);
      assert.match(events[1].error!.message, /broke/);
    },
  },
  {
    rule: '2 unknown entry, unknown host, full host, missing import: an error each, nothing left behind',
    async run(world, a, b) {
      const parent = await world.agent(a);
      const spawn = (id: string, host: string) => parent.refused('spawn', { how: 'spawn', id, host, args: [] });
      assert.is(await spawn('c:nobody', 'c:host'), 'NOT_FOUND');
      assert.is(await spawn(`c:${b}`, 'c:nowhere'), 'NOT_FOUND');
      assert.is(await spawn(`c:${b}`, `c:${a}`), 'INVALID');
      assert.is(await spawn(`c:${b}`, 'c:bare'), 'PERMISSION_DENIED');
      const only = await parent.must('spawn', { how: 'spawn', id: `c:${b}`, host: smallHostOf(b), args: [] });
      const live = world.runtime.live;
      assert.is(await spawn(`c:${b}`, smallHostOf(b)), 'RATE_LIMITED');
      assert.is(world.runtime.live, live);
      world.runtime.terminate(only);
      await world.gone(only);
    },
  },
  {
    rule: "2 a parent's normal or abnormal end does not end children that are not linked",
    async run(world, a, b) {
      const parent = await world.agent(a);
      const pid = await parent.must('spawn', { how: 'spawn', id: `c:${b}`, host: hostOf(b), args: [] });
      parent.tell('raise', { message: 'gone' });
      await world.gone(parent.pid);
      assert.is(await world.adopt(pid).must('nothing'), true);
    },
  },
  {
    rule: "2 a linked child lives through its parent's normal end",
    async run(world, a, b) {
      const parent = await world.agent(a);
      const pid = await parent.must('spawn', { how: 'spawn_linked', id: `c:${b}`, host: hostOf(b), args: [] });
      parent.tell('return', { value: 1 });
      await world.gone(parent.pid);
      assert.is(await world.adopt(pid).must('nothing'), true);
    },
  },
  {
    rule: "2 a linked child does not live through its parent's abnormal end",
    async run(world, a, b) {
      const parent = await world.agent(a);
      const pid = await parent.must('spawn', { how: 'spawn_linked', id: `c:${b}`, host: hostOf(b), args: [] });
      parent.tell('raise', { message: 'gone' });
      await world.gone(pid);
    },
  },
  {
    rule: '2 with_name: spawn-or-signal, queued messages first',
    async run(world, a, b) {
      const parent = await world.agent(a);
      const name = `only of ${parent.pid}`;
      const request = (n: number) => ({ name, id: `c:${b}`, host: hostOf(b), messages: [['hello', n]] });
      const first = await parent.must('spawn_named', request(1));
      const live = world.runtime.live;
      const second = await parent.must('spawn_named', request(2));
      assert.is(second, first);
      assert.is(world.runtime.live, live);
      const mail = await world.adopt(first).mail(2);
      assert.equal(
        mail.map(([topic, payload]) => [topic, payload]),
        [
          ['hello', 1],
          ['hello', 2],
        ],
      );
    },
  },
  {
    rule: '2 exec answers the value',
    async run(world, a, b) {
      const caller = await world.agent(a);
      assert.equal(
        await caller.must('exec', { id: `c:${b}`, host: hostOf(b), args: given(b, 'return', { x: [1, 2] }) }),
        {
          x: [1, 2],
        },
      );
    },
  },
  {
    rule: '2 exec answers the error, kind and message kept',
    async run(world, a, b) {
      const caller = await world.agent(a);
      const answer = (await caller.ask('exec', {
        id: `c:${b}`,
        host: hostOf(b),
        args: given(b, 'return_error', 'no luck'),
      })) as any;
      assert.is(answer.kind, 'CONFLICT');
      assert.is(answer.message, 'no luck');
      assert.is(await caller.refused('exec', { id: 'c:nobody', host: 'c:host', args: [] }), 'NOT_FOUND');
    },
  },
  {
    rule: '2 exec: a caller that is cancelled passes it on to the child',
    async run(world, a, b) {
      const caller = await world.agent(a);
      const live = world.runtime.live;
      const answer = caller.ask('exec', { id: `c:${b}`, host: hostOf(b), args: given(b, 'wait_cancel') });
      await world.until(
        async () => world.runtime.live,
        now => now > live,
      );
      world.runtime.cancel(caller.pid, 'stop it');
      assert.is(await answer, 'stop it');
    },
  },
  {
    rule: '2 context values are inherited by children',
    async run(world, a, b) {
      const pid = world.runtime.spawn({ id: `c:${a}`, host: hostOf(a), args: [], context: { tenant: 'blue', n: 1 } });
      const child = await world.adopt(pid).must('spawn', { how: 'spawn', id: `c:${b}`, host: hostOf(b), args: [] });
      assert.is(await world.adopt(child).must('context', { key: 'tenant' }), 'blue');
      assert.is(await world.adopt(child).must('context', { key: 'n' }), 1);
    },
  },
  // --- 3. how a process ends --------------------------------------------------------------------------------------
  {
    rule: '3 returns v: the value, not abnormal',
    async run(world, a, b) {
      const [event, linked] = await endOf(world, a, b, 'return', { value: { done: true } });
      assert.equal(event.value, { done: true });
      assert.is(event.error ?? null, null);
      assert.ok(linked);
    },
  },
  {
    rule: '3 returns nothing: nil, not abnormal',
    async run(world, a, b) {
      const [event, linked] = await endOf(world, a, b, 'return_nothing');
      assert.is(event.value ?? null, null);
      assert.is(event.error ?? null, null);
      assert.ok(linked);
    },
  },
  {
    rule: '3 returns an error: abnormal, kind, retryable and details kept',
    async run(world, a, b) {
      const [event, linked] = await endOf(world, a, b, 'return_error', { message: 'no luck' });
      assert.is(event.error!.message, 'no luck');
      assert.is(event.error!.kind, 'CONFLICT');
      assert.is(event.error!.retryable, true);
      assert.is((event.error!.details as any).why, 'test');
      assert.not.ok(linked);
    },
  },
  {
    rule: '3 raises: abnormal, with the message',
    async run(world, a, b) {
      const [event, linked] = await endOf(world, a, b, 'raise', { message: 'it broke' });
      assert.match(event.error!.message, /it broke/);
      assert.not.ok(linked);
    },
  },
  {
    rule: '3 is terminated: "process terminated", abnormal',
    async run(world, a, b) {
      const [x, y] = [await world.agent(a), await world.agent(b)];
      await x.must('monitor', { pid: y.pid });
      await x.must('terminate', { to: y.pid });
      const [event] = await x.events(1);
      assert.is(event.error!.message, 'process terminated');
    },
  },
  {
    rule: '3 saw CANCEL and then returned v: the value, not abnormal',
    async run(world, a, b) {
      const [x, y] = [await world.agent(a), await world.agent(b)];
      await x.must('monitor', { pid: y.pid });
      await x.must('cancel', { to: y.pid, reason: 'enough' });
      const [cancel] = await y.events(1);
      assert.is(cancel.kind, 'pid.cancel');
      assert.is(cancel.from, x.pid);
      assert.is(cancel.reason, 'enough');
      y.tell('return', { value: 'ended well' });
      const [exit] = await x.events(1);
      assert.is(exit.value, 'ended well');
    },
  },
  {
    rule: '3 CANCEL forces nothing',
    async run(world, a, b) {
      const [x, y] = [await world.agent(a), await world.agent(b)];
      await x.must('cancel', { to: y.pid, reason: '' });
      await y.events(1);
      assert.is(await y.must('nothing'), true);
    },
  },
  {
    rule: '3 every monitor gets EXIT exactly once, names are free by then',
    async run(world, a, b) {
      const victim = await world.agent(b);
      const name = `victim ${victim.pid}`;
      await victim.must('register', { name });
      const watchers = [await world.agent(a), await world.agent(a), await world.agent(b)];
      for (const watcher of watchers) await watcher.must('monitor', { pid: victim.pid });
      victim.tell('return', { value: 1 });
      for (const watcher of watchers) {
        const events = await watcher.events(1);
        assert.is(events.length, 1);
        assert.is(await watcher.refused('lookup', { name }), 'NOT_FOUND');
      }
      for (const watcher of watchers) assert.is((await watcher.list('events')).length, 1);
    },
  },
  {
    rule: '3 LINK_DOWN to a process that traps, none at a normal end',
    async run(world, a, b) {
      const [x, y, z] = [await world.agent(a), await world.agent(b), await world.agent(b)];
      await x.must('set_options', { trap_links: true });
      await x.must('link', { pid: y.pid });
      await x.must('link', { pid: z.pid });
      z.tell('return', { value: 1 });
      await world.gone(z.pid);
      y.tell('raise', { message: 'link broke' });
      const events = await x.events(1);
      assert.equal(
        events.map(event => [event.kind, event.from]),
        [['pid.link.down', y.pid]],
      );
    },
  },
  {
    rule: '3 link goes both ways and is idempotent; unlink ends it',
    async run(world, a, b) {
      const [x, y, z] = [await world.agent(a), await world.agent(b), await world.agent(b)];
      await x.must('link', { pid: y.pid });
      await x.must('link', { pid: y.pid });
      await x.must('link', { pid: z.pid });
      await x.must('unlink', { pid: z.pid });
      x.tell('raise', { message: 'over' });
      await world.gone(y.pid);
      assert.is(await z.must('nothing'), true);
    },
  },
  {
    rule: '3 monitor: NOT_FOUND if gone, ALREADY_EXISTS twice, INVALID oneself; unmonitor always succeeds',
    async run(world, a, b) {
      const [x, y, gone] = [await world.agent(a), await world.agent(b), await world.agent(b)];
      gone.tell('return', { value: 1 });
      await world.gone(gone.pid);
      assert.is(await x.refused('monitor', { pid: gone.pid }), 'NOT_FOUND');
      await x.must('monitor', { pid: y.pid });
      assert.is(await x.refused('monitor', { pid: y.pid }), 'ALREADY_EXISTS');
      assert.is(await x.refused('monitor', { pid: x.pid }), 'INVALID');
      await x.must('unmonitor', { pid: y.pid });
      await x.must('unmonitor', { pid: gone.pid });
      y.tell('return', { value: 1 });
      await world.gone(y.pid);
      assert.is((await x.list('events')).length, 0);
    },
  },
  {
    rule: '3 link: NOT_FOUND if gone, INVALID oneself; unlink always succeeds',
    async run(world, a, b) {
      const [x, gone] = [await world.agent(a), await world.agent(b)];
      gone.tell('return', { value: 1 });
      await world.gone(gone.pid);
      assert.is(await x.refused('link', { pid: gone.pid }), 'NOT_FOUND');
      assert.is(await x.refused('link', { pid: x.pid }), 'INVALID');
      await x.must('unlink', { pid: gone.pid });
    },
  },
  {
    rule: '3 cancel and terminate of one that is gone: NOT_FOUND',
    async run(world, a, b) {
      const [x, gone] = [await world.agent(a), await world.agent(b)];
      gone.tell('return', { value: 1 });
      await world.gone(gone.pid);
      assert.is(await x.refused('cancel', { to: gone.pid, reason: '' }), 'NOT_FOUND');
      assert.is(await x.refused('terminate', { to: gone.pid }), 'NOT_FOUND');
    },
  },
  {
    rule: '3 terminate ends a process that sleeps',
    async run(world, a, b) {
      const [x, y] = [await world.agent(a), await world.agent(b)];
      await x.must('monitor', { pid: y.pid });
      y.tell('sleep', { ms: 60_000 });
      await x.must('terminate', { to: y.pid });
      assert.is((await x.events(1))[0].error!.message, 'process terminated');
    },
  },
  // --- 4. messages ------------------------------------------------------------------------------------------------
  {
    rule: '4 send to a PID that is gone: NOT_FOUND, the text says "not found"',
    async run(world, a, b) {
      const [x, gone] = [await world.agent(a), await world.agent(b)];
      gone.tell('return', { value: 1 });
      await world.gone(gone.pid);
      const answer = (await x.ask('send', { to: gone.pid, topic: 'hi', payloads: [1] })) as any;
      assert.is(answer.kind, 'NOT_FOUND');
      assert.match(answer.message, /not found/);
      assert.is(await x.refused('send', { to: 'nobody has this name', topic: 'hi', payloads: [1] }), 'NOT_FOUND');
    },
  },
  {
    rule: '4 topics that begin with @ are reserved: INVALID',
    async run(world, a, b) {
      const [x, y] = [await world.agent(a), await world.agent(b)];
      assert.is(await x.refused('send', { to: y.pid, topic: '@secret', payloads: [1] }), 'INVALID');
    },
  },
  {
    rule: '4 FIFO from one sender to one receiver',
    async run(world, a, b) {
      const [x, y] = [await world.agent(a), await world.agent(b)];
      for (let i = 0; i < 100; i++) x.tell('send', { to: y.pid, topic: 'n', payloads: [i] });
      const mail = await y.mail(100);
      assert.equal(
        mail.map(([, payload]) => payload),
        Array.from({ length: 100 }, (_, i) => i),
      );
      assert.is(mail[0][2], x.pid);
    },
  },
  {
    rule: '4 several payloads are a list, one is itself',
    async run(world, a, b) {
      const [x, y] = [await world.agent(a), await world.agent(b)];
      await x.must('send', { to: y.pid, topic: 'one', payloads: ['x'] });
      await x.must('send', { to: y.pid, topic: 'three', payloads: [1, 'two', false] });
      const mail = await y.mail(2);
      assert.equal(mail[0][1], 'x');
      assert.equal(mail[1][1], [1, 'two', false]);
    },
  },
  {
    rule: '4 listen: messages of exactly that topic, also those that came before; unlisten: later ones go to the inbox',
    async run(world, a, b) {
      const [x, y] = [await world.agent(a), await world.agent(b)];
      const send = (topic: string, n: number) => x.must('send', { to: y.pid, topic, payloads: [n] });
      await y.must('listen', { topic: 'tick' });
      await send('tick', 1);
      await send('tock', 2);
      await send('tick', 3);
      const heard = await world.until(
        () => y.must('heard', { topic: 'tick' }),
        (list: Payload[]) => list.length >= 2,
      );
      assert.equal(heard, [1, 3]);
      await y.must('unlisten', { topic: 'tick' });
      await send('tick', 4);
      const mail = await y.mail(2);
      assert.equal(
        mail.map(([topic, payload]) => [topic, payload]),
        [
          ['tock', 2],
          ['tick', 4],
        ],
      );
    },
  },
  {
    rule: '4 payloads of the whole value space arrive as they were sent',
    async run(world, a, b) {
      const [x, y] = [await world.agent(a), await world.agent(b)];
      const values: Payload[] = [
        true,
        false,
        0,
        -1,
        1.5,
        2 ** 40,
        -(2 ** 31),
        '',
        'text',
        'zwölf Boxkämpfer 🥊',
        [1, [2, [3]]],
        { a: 1, b: { c: [true, 'x'] } },
        'x'.repeat(5_000),
      ];
      for (const value of values) await x.must('send', { to: y.pid, topic: 'v', payloads: [value] });
      const mail = await y.mail(values.length);
      assert.equal(
        mail.map(([, payload]) => payload),
        values,
      );
    },
  },
  {
    rule: '4 a full mailbox: RATE_LIMITED, and the sender lives on',
    async run(world, a, b) {
      const [x, y] = [await world.agent(a), await world.agent(b)];
      y.tell('sleep', { ms: 60_000 });
      const answer = (await x.ask('flood', { to: y.pid, count: 200_000 })) as any;
      assert.is(answer.kind, 'RATE_LIMITED');
      assert.is(await x.must('nothing'), true);
      world.runtime.terminate(y.pid);
      await world.gone(y.pid);
    },
  },
  // --- 5. names ---------------------------------------------------------------------------------------------------
  {
    rule: '5 register: ALREADY_EXISTS for another, true for the holder; lookup, unregister, release at the end',
    async run(world, a, b) {
      const [x, y] = [await world.agent(a), await world.agent(b)];
      const [one, two] = [`one of ${x.pid}`, `two of ${x.pid}`];
      await x.must('register', { name: one });
      await x.must('register', { name: one });
      await x.must('register', { name: two });
      assert.is(await y.refused('register', { name: one }), 'ALREADY_EXISTS');
      assert.is(await y.must('lookup', { name: two }), x.pid);
      assert.is(await x.must('unregister', { name: two }), true);
      assert.is(await x.must('unregister', { name: two }), false);
      assert.is(await y.refused('lookup', { name: two }), 'NOT_FOUND');
      x.tell('return', { value: 1 });
      await world.gone(x.pid);
      await y.must('register', { name: one });
      assert.is(await y.must('lookup', { name: one }), y.pid);
    },
  },
  {
    rule: '5 a name given to another process is released at its end',
    async run(world, a, b) {
      const [x, y] = [await world.agent(a), await world.agent(b)];
      const name = `given to ${y.pid}`;
      await x.must('register', { name, pid: y.pid });
      assert.is(await y.must('lookup', { name }), y.pid);
      y.tell('raise', { message: 'over' });
      await world.gone(y.pid);
      const kind = await world.until(
        () => x.refused('lookup', { name }),
        seen => seen === 'NOT_FOUND',
      );
      assert.is(kind, 'NOT_FOUND');
    },
  },
];

/** Let `b` end in some way; the EXIT that a monitor sees, and whether a process linked to it lives. */
async function endOf(
  world: World,
  a: string,
  b: string,
  op: string,
  params: { readonly [key: string]: Payload } = {},
): Promise<[import('./world.ts').SeenEvent, boolean]> {
  const [watcher, linked, victim] = [await world.agent(a), await world.agent(a), await world.agent(b)];
  await watcher.must('monitor', { pid: victim.pid });
  await linked.must('link', { pid: victim.pid });
  victim.tell(op, params);
  const [event] = await watcher.events(1);
  assert.is(event.kind, 'pid.exit');
  assert.is(event.from, victim.pid);
  if (event.error !== undefined && event.error !== null) await world.gone(linked.pid);
  return [event, await linked.alive()];
}
