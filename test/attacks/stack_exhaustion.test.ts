/** Calling the runtime when there is next to no stack left, so that it ends in the middle of what it does. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { demandRoom, needRoom } from '../../sdk/typescript/stack_room.ts';
import { start } from '../typescript/world.ts';
import { contained, programOf } from './contained.ts';

const test = suite('attack: stack exhaustion');

/** Falls to the end of the stack and calls `act` from every depth on the way back, where there is less and more room. */
const FALL = `const fall = (times: number, act: (n: number) => unknown): number => {
  let calls = 0;
  const deeper = (): void => {
    try { deeper(); } catch {}
    if (calls < times) { calls++; try { act(calls); } catch {} }
  };
  deeper();
  return calls;
};
`;

test('control: there is room for a call that is not so deep, and none for one that is', () => {
  demandRoom();
  needRoom();
  const depths: boolean[] = [];
  const fall = (): void => {
    try {
      fall();
    } catch {}
    if (depths.length >= 1500) return;
    let room = true;
    try {
      needRoom();
    } catch {
      room = false;
    }
    depths.push(room);
  };
  for (let round = 0; round < 20; round++) {
    depths.length = 0;
    fall();
    assert.is(depths[0], false);
    assert.is(depths[depths.length - 1], true);
  }
});

test('messages arrive whole or not at all, and whoever waits for one is woken by it', async () => {
  const victim = `
    let sum = 0;
    for (let seen = 0; ; seen++) {
      const message = yield* self.receive();
      if (message.topic === 'end') return [seen, sum];
      if (message.topic !== 'n' || message.payload.a.b !== message.payload.c) return 'torn';
      sum++;
    }`;
  const main = `${FALL}
    const victim = self.spawnMonitored('victim');
    for (let round = 0; round < 8; round++) {
      yield* self.after('1ms').receive();
      let sent = 0;
      const before = fall(1500, n => { if (self.send(victim, 'n', { a: { b: n }, c: n }) === true) sent++; });
      total += sent;
    }
    self.send(victim, 'end');
    const exit = yield* self.events().receive();
    return [exit.result.value, total];`.replace('const victim =', 'let total = 0; const victim =');
  const [[seen, sum], total] = await contained(main, { victim });
  assert.is(seen, sum);
  assert.is(seen, total);
  assert.ok(total > 0);
});

test('a victim that sleeps at its mailbox is never left there with a message', async () => {
  const runtime = await start({
    victim: programOf(
      'for (;;) { const message = yield* self.receive(); self.send(message.from, "echo", message.payload); }',
    ),
    main: programOf(`${FALL}
      const victim = self.spawn('victim');
      let answers = 0;
      for (let round = 0; round < 40; round++) {
        // It waits again before each.
        yield* self.after('1ms').receive();
        let sent = false;
        fall(2000, () => { if (!sent) sent = self.send(victim, 'n', round) === true; });
        if (!sent) continue;
        if ((yield* self.receive({ timeout: '2s' })) === undefined) return 'nobody answered in round ' + round;
        answers++;
      }
      return answers;`),
  });
  try {
    assert.is(await runtime.exec({ id: 't:main', host: 't:host' }), 40);
  } finally {
    await runtime.stop();
  }
});

test('spawns, monitors, links, names, timers and commands leave nothing half done', async () => {
  const runtime = await start(
    {
      // It ends by itself: where the stack ended behind a spawn its PID is lost.
      child: programOf("yield* self.receive({ timeout: '500ms' });"),
      main: programOf(`${FALL}
        const pids: string[] = [];
        fall(1000, () => { pids.push(self.spawn('child')); });
        fall(1000, () => { pids.push(self.spawnMonitored('child')); });
        fall(1000, n => { pids.push(self.withName('name ' + n).spawn('child')); });
        fall(1000, n => { self.monitor(pids[n % pids.length]); });
        fall(1000, n => { self.link(pids[n % pids.length]); });
        fall(1000, n => { self.unlink(pids[n % pids.length]); });
        fall(1000, n => { self.registry.register('held ' + n); });
        fall(1000, n => { self.registry.unregister('held ' + n); });
        fall(1000, () => { self.after('1h').stop(); });
        fall(1000, () => { self.time.sleep('1ms'); });
        fall(1000, () => { self.exec('child').cancel(); });
        fall(1000, () => { self.receive({ timeout: '1ms' }).next(); });
        fall(1000, () => { self.setOptions({ trapLinks: true }); });
        for (const pid of pids) { self.unlink(pid); self.terminate(pid); }
        self.send(self.pid, 'still', 'here');
        return pids.length;`),
    },
    { imports: ['time'] },
  );
  try {
    const before = runtime.live;
    const spawned = (await runtime.exec({ id: 't:main', host: 't:host' })) as number;
    assert.ok(spawned > 0);
    // Children of commands that were given up get some time to end by themselves.
    for (let i = 0; i < 700 && runtime.live > before; i++) await runtime.wait(10);
    assert.is(runtime.live, before);
    // What was spawned can be again, under the same names.
    assert.ok(((await runtime.exec({ id: 't:main', host: 't:host' })) as number) > 0);
  } finally {
    await runtime.stop();
  }
});

test('a copy that ends for lack of stack leaves nothing of it behind', async () => {
  const seen = await contained(`${FALL}
    const wide = Object.fromEntries(Array.from({ length: 20 }, (_, i) => ['key' + i, { nested: [i, { i }] }]));
    let refused = 0;
    for (let round = 0; round < 5; round++) fall(1000, () => { if (self.send('nobody', 'x', wide) !== true) refused++; });
    self.send(self.pid, 'x', wide);
    return JSON.stringify((yield* self.receive()).payload) === JSON.stringify(wide);`);
  assert.is(seen, true);
});

test.run();
