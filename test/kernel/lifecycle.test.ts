import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import { type Payload, type ProcessEvent, type StepOutput, StepStatus } from '../../runtime/machine.ts';
import { closed, receiver, startNative } from './native.ts';

const test = suite('kernel: lifecycle');

const idle = () => () => StepStatus.Idle;

/** A process that does one thing when told, through its own `out`. */
const puppet = (say: (what: string) => void) => () => {
  const log = say;
  return receiver((topic, payload, out) => {
    log(`${topic}:${String(payload)}`);
    if (topic === 'end') out.complete(payload);
  });
};

test('a PID is {host|0x00001}, counts up, and is never used twice', async () => {
  const runtime = await startNative({
    short: () => (_events, out) => {
      out.complete(null);
      return StepStatus.Complete;
    },
    idle,
  });
  const first = runtime.spawn({ id: 't:idle', host: 't:host' });
  assert.match(first, /^\{t:host\|0x[0-9a-f]{5,}\}$/);
  const seen = new Set<string>([first]);
  for (let i = 0; i < 2_000; i++) {
    const { pid, exit } = runtime.watch({ id: 't:short', host: 't:host' });
    assert.not.ok(seen.has(pid), `${pid} was given out twice`);
    seen.add(pid);
    await exit;
  }
  await runtime.stop();
});

test('who is gone holds no name, also where it has not come to letting it go', async () => {
  const runtime = await startNative({
    short: () => (_events, out) => {
      out.complete(null);
      return StepStatus.Complete;
    },
    seeker: () => (_events, out) => {
      const found = out.lookup('left behind');
      assert.instance(found, TroupeError);
      assert.is(out.register('left behind'), undefined);
      assert.is(out.lookup('left behind'), out.pid);
      out.complete(null);
      return StepStatus.Complete;
    },
  });
  const { pid, exit } = runtime.watch({ id: 't:short', host: 't:host' });
  await exit;
  // As another thread sees it between the two: its table of names is behind.
  runtime.scheduler.names.register('left behind', pid);
  await runtime.exec({ id: 't:seeker', host: 't:host' });
  runtime.scheduler.names.register('taken', pid);
  const { pid: heir, exit: over } = runtime.watch({ id: 't:short', host: 't:host', name: 'taken' });
  assert.is.not(heir, pid);
  await over;
  await runtime.stop();
});

test('order at the end: unreachable, names released, EXIT, LINK_DOWN, close', async () => {
  const order: string[] = [];
  let watcherOut: StepOutput | undefined;
  const runtime = await startNative({
    victim: () => (events, out) => {
      if (events.message() === undefined) return StepStatus.Idle;
      out.fail(new TroupeError('boom', { kind: 'CONFLICT' }));
      return StepStatus.Complete;
    },
    watcher: () => {
      let started = false;
      return (events, out) => {
        watcherOut = out;
        if (!started) {
          started = true;
          out.setOptions({ trap_links: true });
          const pid = out.spawn({ id: 't:victim', host: 't:host', monitor: true, link: true, name: 'victim' });
          assert.type(pid, 'string');
          out.send('victim', 'die', null, 1);
        }
        for (let event = events.event(); event !== undefined; event = events.event()) {
          const gone = out.send(event.from, 'late', null, 1);
          const free = out.lookup('victim') instanceof TroupeError;
          order.push(
            `${event.kind} ${event.result?.error?.message} gone=${gone?.kind} free=${free} closed=${closed.length}`,
          );
        }
        return StepStatus.Idle;
      };
    },
  });
  runtime.spawn({ id: 't:watcher', host: 't:host' });
  await runtime.wait(20);
  // Both events were pushed before `close`; by the time the watcher runs, the victim is closed.
  assert.equal(order, [
    'pid.exit boom gone=NOT_FOUND free=true closed=1',
    'pid.link.down boom gone=NOT_FOUND free=true closed=1',
  ]);
  assert.ok(watcherOut);
  await runtime.stop();
});

test('a linked process that does not trap ends at once, a chain of 50 000 needs no stack, and each is closed once', async () => {
  const length = 50_000;
  const runtime = await startNative({
    link: (left: Payload) => {
      let started = false;
      return (_events, out) => {
        if (!started && Number(left) > 0) {
          started = true;
          out.spawn({ id: 't:link', host: 't:host', link: true, args: [Number(left) - 1] });
        }
        return StepStatus.Idle;
      };
    },
  });
  const { pid, exit } = runtime.watch({ id: 't:link', host: 't:host', args: [length] });
  while (runtime.live < length + 1) await runtime.wait(5);
  runtime.terminate(pid);
  const event = await exit;
  assert.is(event.result?.error?.message, 'process terminated');
  assert.ok(await runtime.drained(5_000));
  assert.is(closed.length, length + 1);
  await runtime.stop();
});

test('a normal end takes links away silently', async () => {
  const events: ProcessEvent[] = [];
  let parent: StepOutput | undefined;
  const runtime = await startNative({
    child: () => (events, out) => {
      if (events.message() === undefined) return StepStatus.Idle;
      out.complete(7);
      return StepStatus.Complete;
    },
    parent: () => (queue, out) => {
      if (parent === undefined) {
        parent = out;
        out.spawn({ id: 't:child', host: 't:host', link: true, monitor: true, name: 'child' });
        out.send('child', 'go', null, 1);
      }
      for (let event = queue.event(); event !== undefined; event = queue.event()) events.push(event);
      return StepStatus.Idle;
    },
  });
  const pid = runtime.spawn({ id: 't:parent', host: 't:host' });
  await runtime.wait(10);
  assert.is(events.length, 1);
  assert.is(events[0].kind, 'pid.exit');
  assert.is(events[0].result?.value, 7);
  assert.is(runtime.send(pid, 'still', 1), undefined);
  await runtime.stop();
});

test('monitor: twice is ALREADY_EXISTS, oneself INVALID, the gone NOT_FOUND; unmonitor always succeeds', async () => {
  const kinds: (string | undefined)[] = [];
  const runtime = await startNative({
    idle,
    probe: (other: Payload) => (_events, out) => {
      const pid = String(other);
      kinds.push(out.monitor(pid)?.kind, out.monitor(pid)?.kind, out.monitor(out.pid)?.kind);
      kinds.push(out.monitor('{t:host|0x0ffff}')?.kind, out.link('{t:host|0x0ffff}')?.kind, out.link(out.pid)?.kind);
      out.unmonitor(pid);
      out.unmonitor('{t:host|0x0ffff}');
      kinds.push(out.monitor(pid)?.kind, out.link(pid)?.kind, out.link(pid)?.kind);
      out.complete(null);
      return StepStatus.Complete;
    },
  });
  const other = runtime.spawn({ id: 't:idle', host: 't:host' });
  await runtime.exec({ id: 't:probe', host: 't:host', args: [other] });
  assert.equal(kinds, [
    undefined,
    'ALREADY_EXISTS',
    'INVALID',
    'NOT_FOUND',
    'NOT_FOUND',
    'INVALID',
    undefined,
    undefined,
    undefined,
  ]);
  await runtime.stop();
});

test('a full mailbox refuses, counts, and takes again when it was read', async () => {
  let read = false;
  const runtime = await startNative(
    {
      slow: () => events => {
        while (read && events.message() !== undefined);
        return StepStatus.Idle;
      },
    },
    { limits: { mailbox: 10 } },
  );
  const pid = runtime.spawn({ id: 't:slow', host: 't:host' });
  const answers = Array.from({ length: 15 }, (_, i) => runtime.send(pid, 'x', i)?.kind ?? 'taken');
  assert.equal(answers, [...new Array(10).fill('taken'), ...new Array(5).fill('RATE_LIMITED')]);
  assert.is(runtime.scheduler.deadLetters, 5);
  read = true;
  await runtime.wait(5);
  runtime.send(pid, 'x', 'wake');
  await runtime.wait(5);
  assert.is(runtime.send(pid, 'x', 1), undefined);
  await runtime.stop();
});

test('a full host refuses with RATE_LIMITED and leaves nothing behind, not even the name', async () => {
  const runtime = await startNative({ idle }, { maxProcesses: 2 });
  runtime.spawn({ id: 't:idle', host: 't:host' });
  const second = runtime.spawn({ id: 't:idle', host: 't:host' });
  assert.throws(
    () => runtime.spawn({ id: 't:idle', host: 't:host', name: 'third' }),
    (error: TroupeError) => error.kind === 'RATE_LIMITED',
  );
  assert.is(runtime.lookup('third'), undefined);
  runtime.terminate(second);
  await runtime.wait(2);
  assert.type(runtime.spawn({ id: 't:idle', host: 't:host', name: 'third' }), 'string');
  await runtime.stop();
});

test('unknown entry, unknown host, a host that is none', async () => {
  const runtime = await startNative({ idle });
  const kindOf = (request: { id: string; host?: string }): string => {
    try {
      runtime.spawn(request);
      return 'spawned';
    } catch (thrown) {
      return `${(thrown as TroupeError).kind}: ${(thrown as TroupeError).message}`;
    }
  };
  assert.match(kindOf({ id: 't:nothing', host: 't:host' }), /^NOT_FOUND: entry "t:nothing" not found/);
  assert.match(kindOf({ id: 't:idle', host: 't:nowhere' }), /^NOT_FOUND: host "t:nowhere" not found/);
  assert.match(kindOf({ id: 't:idle', host: 't:idle' }), /^INVALID: "t:idle" is a process.ts, not a host/);
  await runtime.stop();
});

test('with_name is spawn-or-signal: the queued messages go to the holder, nothing is spawned', async () => {
  const heard: string[] = [];
  const runtime = await startNative({ hear: puppet(text => heard.push(text)) });
  const request = (n: number) => ({
    id: 't:hear',
    host: 't:host',
    name: 'only',
    messages: [{ topic: 'hello', payloads: [n] }],
  });
  const first = runtime.spawn(request(1));
  runtime.send(first, 'later', 'x');
  const again = runtime.spawn(request(2));
  assert.is(again, first);
  await runtime.wait(5);
  assert.equal(heard, ['hello:1', 'later:x', 'hello:2']);
  assert.is(runtime.live, 1);
  await runtime.stop();
});

test('exec: the caller ends first, so the child is cancelled', async () => {
  const reasons: (string | undefined)[] = [];
  const runtime = await startNative({
    child: () => (events, out) => {
      const event = events.event();
      if (event === undefined) return StepStatus.Idle;
      reasons.push(event.kind);
      out.complete(null);
      return StepStatus.Complete;
    },
    caller: () => {
      let begun = false;
      return (events, out) => {
        if (!begun) {
          begun = true;
          out.exec(1, { id: 't:child', host: 't:host' });
        }
        if (events.message() === undefined) return StepStatus.Idle;
        out.complete(null);
        return StepStatus.Complete;
      };
    },
  });
  const pid = runtime.spawn({ id: 't:caller', host: 't:host' });
  await runtime.wait(5);
  runtime.send(pid, 'end');
  assert.ok(await runtime.drained(1_000));
  assert.equal(reasons, ['pid.cancel']);
  await runtime.stop();
});

test('exec: who is told to end is told once, however many of those above end one after the other', async () => {
  const depth = 200;
  const told = new Array<number>(depth + 1).fill(0);
  const pids: string[] = [];
  const runtime = await startNative({
    // Each waits for the next, and for nothing else.
    link: n => {
      let begun = false;
      return (events, out) => {
        if (!begun && (n as number) > 0) out.exec(1, { id: 't:link', host: 't:host', args: [(n as number) - 1] });
        if (!begun) pids[depth - (n as number)] = out.pid;
        begun = true;
        while (events.event()?.kind === 'pid.cancel') told[n as number]++;
        return StepStatus.Idle;
      };
    },
  });
  runtime.spawn({ id: 't:link', host: 't:host', args: [depth] });
  while (runtime.live <= depth) await runtime.wait(1);
  runtime.cancel(pids[0], 'enough');
  await runtime.wait(5);
  for (const pid of pids.slice(0, -1)) {
    runtime.terminate(pid);
    await runtime.wait(0);
  }
  assert.equal(told, new Array<number>(depth + 1).fill(1));
  runtime.terminate(pids[depth]);
  assert.ok(await runtime.drained(1_000));
  await runtime.stop();
});

test('exec with a name that is taken answers when the holder ends', async () => {
  const runtime = await startNative({
    holder: () => (events, out) => {
      if (events.message() === undefined) return StepStatus.Idle;
      out.complete('the holder');
      return StepStatus.Complete;
    },
  });
  const pid = runtime.spawn({ id: 't:holder', host: 't:host', name: 'held' });
  const result = runtime.exec({ id: 't:holder', host: 't:host', name: 'held' });
  await runtime.wait(2);
  assert.is(runtime.live, 1);
  runtime.send(pid, 'end');
  assert.is(await result, 'the holder');
  await runtime.stop();
});

test('exec with a timeout answers TIMEOUT', async () => {
  const runtime = await startNative({ idle });
  try {
    await runtime.exec({ id: 't:idle', host: 't:host', timeout: 5 });
    assert.unreachable();
  } catch (thrown) {
    assert.is((thrown as TroupeError).kind, 'TIMEOUT');
  }
  await runtime.stop();
});

test('terminate of a running process takes effect when its step returns', async () => {
  const runtime = await startNative({
    self: () => (_events, out) => {
      out.terminate(out.pid);
      out.complete('not this');
      return StepStatus.Complete;
    },
  });
  const { exit } = runtime.watch({ id: 't:self', host: 't:host' });
  assert.is((await exit).result?.error?.message, 'process terminated');
  await runtime.stop();
});

test('an exception in a step ends that process alone', async () => {
  const crashes: string[] = [];
  const runtime = await startNative(
    {
      bad: () => () => {
        throw new Error('broken machine');
      },
      idle,
    },
    { onCrash: (_pid, id) => crashes.push(id) },
  );
  const good = runtime.spawn({ id: 't:idle', host: 't:host' });
  const { exit } = runtime.watch({ id: 't:bad', host: 't:host' });
  assert.is((await exit).result?.error?.message, 'broken machine');
  assert.is(runtime.send(good, 'x'), undefined);
  assert.equal(crashes, ['t:bad']);
  await runtime.stop();
});

test('an exec that runs out of time leaves a monitor that the caller has besides', async () => {
  const seen: (string | undefined)[] = [];
  const runtime = await startNative({
    caller: () => {
      let begun = false;
      return (events, out) => {
        if (!begun) {
          begun = true;
          assert.is(out.monitor(out.exec(1, { id: 't:child', host: 't:host', timeout: 5 })!), undefined);
        }
        for (let answer = events.answer(); answer !== undefined; answer = events.answer())
          seen.push(answer.error?.kind);
        for (let event = events.event(); event !== undefined; event = events.event()) seen.push(event.kind);
        return StepStatus.Idle;
      };
    },
    child: () => (events, out) => {
      if (events.event() === undefined) return StepStatus.Idle;
      out.complete(null);
      return StepStatus.Complete;
    },
  });
  runtime.spawn({ id: 't:caller', host: 't:host' });
  for (let waited = 0; seen.length < 2 && waited < 5000; waited += 5) await runtime.wait(5);
  assert.equal(seen, ['TIMEOUT', 'pid.exit']);
  await runtime.stop();
});

test('stop ends everything and closes every machine', async () => {
  const runtime = await startNative({ idle });
  for (let i = 0; i < 100; i++) runtime.spawn({ id: 't:idle', host: 't:host' });
  await runtime.wait(2);
  await runtime.stop();
  assert.is(closed.length, 100);
  assert.throws(() => runtime.spawn({ id: 't:idle' }), /stopped/);
});

test.run();
