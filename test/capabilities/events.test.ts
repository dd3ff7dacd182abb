/** `events`: who hears what, in which order and how long, in every language and on every thread. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { eventsCapability } from '../../runtime/capabilities/events.ts';
import { createServices } from '../../runtime/capabilities/services.ts';
import { type Event, EventBus, type EventTransport } from '../../runtime/event_bus.ts';
import { TroupeError } from '../../runtime/errors.ts';
import { silentLog } from '../../runtime/logger.ts';
import type { Payload } from '../../runtime/machine.ts';
import type { AuditRecord } from '../../runtime/security/audit.ts';
import { contextOfActor, contextOfScope } from '../../runtime/security/identity.ts';
import { type Agents, LANGUAGES, startAgents } from './agents.ts';
import { Caller, refusal } from './call.ts';

const test = suite('events');

const PLAIN = 'capabilities: {supervisor: {}, http_client: {}, events: {}, time: {}}';

const HOSTS = {
  h: `${PLAIN}, limits: {mailbox: 200}`,
  few: 'capabilities: {supervisor: {}, time: {}, http_client: {}, events: {systems: ["shop.*", news], max_subscriptions: 2}}',
  deaf: 'capabilities: {supervisor: {}, time: {}, http_client: {}, events: {subscribe: false}}',
  dumb: 'capabilities: {supervisor: {}, time: {}, http_client: {}, events: {publish: false}}',
};

for (const workers of [0, 2]) {
  const name = (what: string): string => `${workers} workers: ${what}`;
  let agents: Agents;
  test(name('start'), async () => {
    agents = await startAgents(HOSTS, { workers, placement: 'round-robin' });
  });

  for (const hearing of LANGUAGES) {
    for (const speaking of LANGUAGES) {
      test(name(`${hearing} hears ${speaking}`), async () => {
        const hearer = agents.agent(hearing);
        const speaker = agents.agent(speaking);
        const system = `${hearing}-${speaking}`;
        const id = await hearer.events('subscribe', system, 'made.*');
        await hearer.events('subscribe', system, 'gone', 'ends');
        assert.type(id, 'number');
        const data = { list: [1, 'two', true], bytes: new Uint8Array([1, 255]) };
        assert.is(await speaker.events('send', system, 'made.first', '/a/b', data), 1);
        assert.is(await speaker.events('send', system, 'unmade.first'), 0);
        assert.is(await speaker.events('send', 'other', 'made.first'), 0);
        assert.is(await speaker.events('send', system, 'gone'), 1);
        const mail = await hearer.mail(2);
        const [[topic, from, first], [ends, , second]] = mail;
        assert.equal([mail.length, topic, from, ends], [2, 'events', speaker.pid, 'ends']);
        assert.equal([first.system, first.kind, first.path, first.from], [system, 'made.first', '/a/b', speaker.pid]);
        assert.equal(first.data.list, data.list);
        assert.is(Buffer.from(first.data.bytes, 'latin1').toString('hex'), '01ff');
        assert.equal([second.kind, second.path ?? null, second.data ?? null], ['gone', null, null]);
        assert.is(await speaker.events('unsubscribe', id), false, 'it is not the one of somebody else');
        assert.is(await hearer.events('unsubscribe', id), true);
        assert.is(await hearer.events('unsubscribe', id), false);
        assert.is(await speaker.events('send', system, 'made.second'), 0);
      });
    }
  }

  test(name('events of one publisher arrive in their order, at all subscribers'), async () => {
    const hearers = LANGUAGES.map(language => agents.agent(language));
    for (const hearer of hearers) await hearer.events('subscribe', 'order');
    const speakers = LANGUAGES.map(language => agents.agent(language));
    await Promise.all(speakers.map(speaker => speaker.does('burst', 'order', 60)));
    for (const hearer of hearers) {
      const mail = await hearer.mail(180);
      for (const { pid } of speakers) {
        const numbers = mail.filter(([, from]) => from === pid).map(([, , event]) => event.data);
        assert.equal(
          numbers,
          Array.from({ length: 60 }, (_, i) => i + 1),
        );
      }
    }
  });

  test(name('subscriptions end with their process, however it ends'), async () => {
    const { runtime } = agents;
    const speaker = agents.agent('ts');
    for (const language of LANGUAGES) {
      const hearer = agents.agent(language);
      await hearer.events('subscribe', 'ends');
      assert.is(await speaker.events('send', 'ends', 'x'), 1);
      runtime.terminate(hearer.pid);
      const reached = await agents.until(
        () => speaker.events('send', 'ends', 'x'),
        count => count === 0,
      );
      assert.is(reached, 0, language);
    }
  });

  test(name('a subscription is of the process, whatever program it runs'), async () => {
    const speaker = agents.agent('lua');
    const hearer = agents.agent('ts');
    await hearer.events('subscribe', 'upgraded');
    for (const language of ['lua', 'wasm', 'ts']) {
      await hearer.become(language);
      assert.is(await speaker.events('send', 'upgraded', language), 1);
      const mail = await hearer.mail(1);
      assert.equal(
        mail.map(([topic, from, { kind }]) => [topic, from, kind]),
        [['events', speaker.pid, language]],
      );
    }
  });

  test(name('a full mailbox drops events, and is counted; others get them'), async () => {
    const { runtime } = agents;
    const before = runtime.scheduler.deadLetters;
    const sink = runtime.spawn({ id: 'a:sleeper', host: 'a:h', args: ['full'] });
    const other = agents.agent('ts');
    await other.events('subscribe', 'full');
    const speaker = agents.agent('lua');
    const both = await agents.until(
      () => speaker.events('send', 'full', 'first'),
      reached => reached === 2,
    );
    assert.is(both, 2);
    const reached = await agents.until(
      () => speaker.does('burst', 'full', 100),
      count => count === 1,
    );
    assert.is(reached, 1);
    assert.ok(runtime.scheduler.deadLetters > before);
    runtime.terminate(sink);
  });

  test(name('a host grants some systems, and so many subscriptions'), async () => {
    for (const language of LANGUAGES) {
      const agent = agents.agent(language, 'a:few');
      for (const operation of ['send', 'subscribe']) {
        const { refused } = await agent.events(operation, 'bank', 'x');
        assert.is(refused.kind, 'PERMISSION_DENIED');
        assert.match(refused.message, `events.${operation}: a:few does not allow the system "bank"; add it to systems`);
      }
      await agent.events('subscribe', 'shop.orders');
      const second = await agent.events('subscribe', 'news');
      const { refused } = await agent.events('subscribe', 'news');
      assert.is(refused.kind, 'RATE_LIMITED');
      assert.match(refused.message, 'the process has 2 subscriptions already');
      await agent.events('unsubscribe', second);
      assert.type(await agent.events('subscribe', 'news', 'x'), 'number');
      assert.match(
        (await agents.agent(language, 'a:deaf').events('subscribe', 'x')).refused.message,
        'say subscribe: true',
      );
      assert.is(await agents.agent(language, 'a:deaf').events('send', 'x', 'y'), 0);
      assert.match(
        (await agents.agent(language, 'a:dumb').events('send', 'x', 'y')).refused.message,
        'say publish: true',
      );
    }
  });

  test(name('stop'), () => agents.runtime.stop());
}

test('processes that move keep their subscriptions, and lose and repeat no event', async () => {
  const agents = await startAgents({ h: PLAIN }, { workers: 3, placement: 'round-robin', restless: true });
  try {
    const hearers = ['lua', 'wasm', 'lua', 'wasm'].map(language => agents.agent(language));
    for (const hearer of hearers) await hearer.events('subscribe', 'moving');
    const speakers = [...LANGUAGES, ...LANGUAGES].map(language => agents.agent(language));
    for (let round = 0; round < 4; round++) {
      const counts = await Promise.all(speakers.map(speaker => speaker.does('burst', 'moving', 25)));
      assert.equal(
        counts,
        speakers.map(() => hearers.length),
      );
    }
    for (const hearer of hearers) {
      const mail = await hearer.mail(600);
      assert.is(mail.length, 600);
      for (const { pid } of speakers) {
        const numbers = mail.filter(([, from]) => from === pid).map(([, , event]) => event.data);
        assert.equal(
          numbers,
          Array.from({ length: 100 }, (_, i) => (i % 25) + 1),
        );
      }
    }
  } finally {
    await agents.runtime.stop();
  }
});

test('subscriptions of a lost thread are gone, and the others stay', async () => {
  const services = createServices({ log: silentLog });
  const agents = await startAgents({ h: PLAIN }, { workers: 2, placement: 'round-robin', services });
  try {
    const hearers = Array.from({ length: 6 }, () => agents.agent('lua'));
    for (const hearer of hearers) await hearer.events('subscribe', 'lost');
    await agents.runtime.loseWorker(1);
    const alive = await agents.until(
      () => hearers.filter(({ pid }) => agents.runtime.send(pid, 'x', 1) === undefined).length,
      count => count < hearers.length,
    );
    assert.ok(alive > 0 && alive < hearers.length, `${alive} live`);
    const speaker = agents.agent('lua');
    assert.is(await speaker.events('send', 'lost', 'x'), alive);
  } finally {
    await agents.runtime.stop();
  }
});

// --- the capability and the bus by themselves ---------------------------------------------------------------------

const READERS = { ...contextOfActor({ id: 'ann', meta: {} }), ...contextOfScope(['a:readers']) };

/** A bus whose subscribers are in a set; what was delivered is noted. */
function bus(transport: Partial<EventTransport> = {}): {
  bus: EventBus;
  delivered: [string, Event][];
  ends: (() => void)[];
} {
  const made = new EventBus();
  const delivered: [string, Event][] = [];
  const ends: (() => void)[] = [];
  made.connect({
    deliver: (event, pid) => {
      delivered.push([pid, event]);
      return undefined;
    },
    watch: (_pid, ended) => {
      ends.push(ended);
      return undefined;
    },
    permits: () => true,
    ...transport,
  });
  return { bus: made, delivered, ends };
}

test('what is no name of a system or kind is refused', async () => {
  const caller = new Caller({ events: bus().bus });
  const cases: [string, Payload[], RegExp][] = [
    ['send', ['a*', 'b'], /system cannot be "a\*": it must not hold "\*" or ":"/],
    ['send', ['a:b', 'c'], /must not hold/],
    ['send', ['a', 'b*'], /kind cannot be "b\*": it must not hold "\*"/],
    ['send', ['', 'b'], /system must have 1 to 256 characters, got 0/],
    ['send', ['a', 'b'.repeat(257)], /kind must have 1 to 256/],
    ['send', ['a', 'b', 'c'.repeat(5000)], /path must have 1 to 4096/],
    ['send', ['a', 5], /kind must be a string/],
    ['subscribe', ['*'], /system cannot be/],
    ['subscribe', ['a', 'b', '@process'], /topic/],
    ['unsubscribe', ['x'], /id must be a finite number/],
  ];
  for (const [operation, args, message] of cases) {
    const refused = await refusal(caller.call(eventsCapability, {}, operation, ...args));
    assert.is(refused.kind, 'INVALID', refused.message);
    assert.match(refused.message, message);
  }
  assert.is((await refusal(new Caller().call(eventsCapability, {}, 'send', 'a', 'b'))).kind, 'UNAVAILABLE');
});

test('who asks for several kinds is judged again for each', async () => {
  const judged: unknown[] = [];
  const { bus: made, delivered } = bus({
    permits: ({ pid, entry, identity, system }, kind) => {
      judged.push([pid, entry, identity, system, kind]);
      return kind !== 'secret';
    },
  });
  const caller = new Caller({ events: made });
  caller.values = { ...READERS, tenant: 't' };
  await caller.call(eventsCapability, {}, 'subscribe', 'bank', '*');
  await caller.call(eventsCapability, {}, 'subscribe', 'bank', 'plain');
  assert.is(await caller.call(eventsCapability, {}, 'send', 'bank', 'secret'), 0);
  assert.is(await caller.call(eventsCapability, {}, 'send', 'bank', 'plain'), 2);
  assert.equal(judged, [
    [caller.pid, caller.id, READERS, 'bank', 'secret'],
    [caller.pid, caller.id, READERS, 'bank', 'plain'],
  ]);
  assert.is(delivered.length, 2);
});

for (const workers of [0, 2]) {
  test(`a policy that denies one kind holds against a glob, which is recorded, ${workers} workers`, async () => {
    const policies = [
      '{name: all, kind: security.policy, policy: {actions: "*", resources: "*", effect: allow}}',
      '{name: no.secrets, kind: security.policy, policy: {actions: "events.*", resources: "bank:secret", effect: deny}}',
    ];
    const limited = `${PLAIN}, lifecycle: {security: {policies: ["a:all", "a:no.secrets"]}}`;
    const records: AuditRecord[] = [];
    const onAudit = (record: AuditRecord): void => void records.push(record);
    const agents = await startAgents({ h: PLAIN, limited }, { workers, placement: 'round-robin', onAudit }, policies);
    try {
      const hearers = LANGUAGES.map(language => agents.agent(language, 'a:limited'));
      for (const hearer of hearers) await hearer.events('subscribe', 'bank', '*');
      const speaker = agents.agent('lua');
      assert.is(await speaker.events('send', 'bank', 'secret'), 0);
      assert.is(await speaker.events('send', 'bank', 'open'), LANGUAGES.length);
      assert.equal(
        records.map(({ pid, id, host, action, resource, effect, policy }) => [
          ...[pid, id, host],
          ...[action, resource, effect, policy],
        ]),
        hearers.map(({ pid }, i) => [
          ...[pid, `a:${LANGUAGES[i]}`, 'a:limited'],
          ...['events.subscribe', 'bank:secret', 'deny', 'a:no.secrets'],
        ]),
      );
      for (const language of LANGUAGES) {
        const agent = agents.agent(language, 'a:limited');
        for (const operation of ['send', 'subscribe']) {
          const { refused } = await agent.events(operation, 'bank', 'secret');
          assert.is(refused.kind, 'PERMISSION_DENIED');
          assert.match(refused.message, `not allowed: "events.${operation}" of "bank:secret": a:no.secrets denies`);
          const recorded = await agents.until(
            () => records.at(-1),
            record => record?.pid === agent.pid && record.action === `events.${operation}`,
          );
          assert.equal([recorded?.pid, recorded?.action], [agent.pid, `events.${operation}`]);
        }
      }
    } finally {
      await agents.runtime.stop();
    }
  });
}

test('a subscriber that is gone is forgotten, at once and with all that it had', async () => {
  let gone = false;
  const { bus: made, ends } = bus({
    deliver: () => (gone ? new TroupeError('gone', { kind: 'NOT_FOUND' }) : undefined),
  });
  const one = new Caller({ events: made });
  const two = new Caller({ events: made }, one.clock, '{test:host|0x00002}');
  for (const caller of [one, one, two]) await caller.call(eventsCapability, {}, 'subscribe', 's');
  const send = () => two.call(eventsCapability, {}, 'send', 's', 'k');
  assert.is(await send(), 3);
  assert.is(ends.length, 2, 'each process is watched once');
  ends[0]();
  assert.is(await send(), 1);
  gone = true;
  assert.is(await send(), 0);
  gone = false;
  assert.is(await send(), 0);
  // Its end is told after all that.
  ends[1]();
});

test('a process cannot have more events on their way than it can wait for', async () => {
  const caller = new Caller({
    events: { ...bus().bus, publish: () => new Promise<number>(() => undefined) } as unknown as EventBus,
  });
  const send = () => caller.call(eventsCapability, {}, 'send', 's', 'k');
  for (let i = 0; i < 1000; i++) void send();
  assert.is((await refusal(send())).kind, 'RATE_LIMITED');
});

test.run();
