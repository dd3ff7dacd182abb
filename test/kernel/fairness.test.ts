/** Who runs before whom: woken before preempted, nobody for ever behind others, floods charged, trees in depth. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Clock } from '../../runtime/clock.ts';
import { type EventQueue, type StepOutput, StepStatus } from '../../runtime/machine.ts';
import { startNative } from './native.ts';

const test = suite('kernel: fairness');

/** A clock that moves when it is told, and by a little with each look at it. */
class HandClock implements Clock {
  #time = 1;
  advance(milliseconds: number): void {
    this.#time += milliseconds;
  }
  now(): number {
    return this.#time;
  }
  unix(): number {
    return this.#time;
  }
  random(): number {
    return 0.5;
  }
  arm(): unknown {
    return undefined;
  }
  disarm(): void {}
  defer(): void {}
  hold(): () => void {
    return () => undefined;
  }
}

/** Run the scheduler until nothing is to be done, or so many bursts. */
function run(runtime: Awaited<ReturnType<typeof startNative>>, bursts: number): void {
  for (let i = 0; i < bursts; i++) runtime.scheduler.run();
}

test('a woken process runs before a hundred that were interrupted', async () => {
  const clock = new HandClock();
  const order: string[] = [];
  const runtime = await startNative(
    {
      hog: () => () => {
        order.push('hog');
        clock.advance(1);
        return StepStatus.Ready;
      },
      quick: () => (events: EventQueue) => {
        while (events.message() !== undefined) order.push('quick');
        return StepStatus.Idle;
      },
    },
    { clock },
  );
  const quick = runtime.spawn({ id: 't:quick', host: 't:host' });
  for (let i = 0; i < 100; i++) runtime.spawn({ id: 't:hog', host: 't:host' });
  run(runtime, 60);
  for (let i = 0; i < 20; i++) {
    order.length = 0;
    runtime.send(quick, 'go');
    run(runtime, 1);
    assert.is(order[0], 'quick');
  }
  await runtime.halt();
});

test('an interrupted process has its turns although two others never stop talking', async () => {
  const clock = new HandClock();
  let hogs = 0;
  let talks = 0;
  const runtime = await startNative(
    {
      hog: () => () => {
        hogs++;
        clock.advance(1);
        return StepStatus.Ready;
      },
      talker: () => (events: EventQueue, out: StepOutput) => {
        for (let message = events.message(); message !== undefined; message = events.message()) {
          talks++;
          clock.advance(0.01);
          out.send(message.from === out.pid ? (message.payload as string) : message.from, 'talk', null, 1);
        }
        return StepStatus.Idle;
      },
    },
    { clock },
  );
  const [a, b] = [0, 1].map(() => runtime.spawn({ id: 't:talker', host: 't:host' }));
  runtime.spawn({ id: 't:hog', host: 't:host' });
  // From the one to the other, and back and forth from then on.
  runtime.scheduler.sendAs(b, a, 'talk', null, 1);
  const before = clock.now();
  run(runtime, 200);
  const elapsed = clock.now() - before;
  assert.ok(hogs >= Math.floor(elapsed / 25), `${hogs} turns in ${elapsed} ms`);
  assert.ok(talks > 50 * hogs, `${talks} talks, ${hogs} turns`);
  await runtime.halt();
});

test('who floods is charged: its next turns come after those who were interrupted', async () => {
  const clock = new HandClock();
  const order: string[] = [];
  const runtime = await startNative(
    {
      sink: () => (events: EventQueue) => {
        while (events.message() !== undefined);
        return StepStatus.Idle;
      },
      flooder: sink => (events: EventQueue, out: StepOutput) => {
        let flood = 0;
        for (let message = events.message(); message !== undefined; message = events.message()) {
          flood = message.payload as number;
          order.push('flooder');
        }
        for (let i = 0; i < flood; i++) out.send(sink as string, 'n', i, 1);
        return StepStatus.Idle;
      },
      other: () => (events: EventQueue) => {
        order.push('other');
        while (events.message() !== undefined);
        clock.advance(1);
        return StepStatus.Ready;
      },
    },
    { clock },
  );
  const sink = runtime.spawn({ id: 't:sink', host: 't:host' });
  const flooder = runtime.spawn({ id: 't:flooder', host: 't:host', args: [sink] });
  runtime.spawn({ id: 't:other', host: 't:host' });
  run(runtime, 3);
  const next = (): string => {
    order.length = 0;
    runtime.send(flooder, 'go', 0);
    run(runtime, 1);
    return order[0];
  };
  assert.is(next(), 'flooder', 'as long as it sends little it goes first');
  runtime.send(flooder, 'go', 3000);
  run(runtime, 3);
  assert.is(next(), 'other');
  run(runtime, 3);
  next();
  run(runtime, 3);
  next();
  run(runtime, 3);
  assert.is(next(), 'flooder', 'and again when its debt is paid');
  await runtime.halt();
});

test('children run in the order in which they were spawned, and a tree in depth', async () => {
  const order: string[] = [];
  let most = 0;
  let alive = 0;
  const runtime = await startNative({
    node: (name, depth) => {
      alive++;
      most = Math.max(most, alive);
      return (_events: EventQueue, out: StepOutput) => {
        order.push(name as string);
        if ((depth as number) > 0) {
          for (let i = 0; i < 10; i++) {
            out.spawn({ id: 't:node', host: 't:host', args: [`${name}${i}`, (depth as number) - 1] });
          }
        }
        alive--;
        out.complete(null);
        return StepStatus.Complete;
      };
    },
  });
  runtime.spawn({ id: 't:node', host: 't:host', args: ['r', 4] });
  run(runtime, 1000);
  assert.is(order.length, 11_111);
  // One level at a time there would be ten thousand at once.
  assert.ok(most < 200, `${most} at once`);
  assert.equal(order.slice(0, 6), ['r', 'r0', 'r00', 'r000', 'r0000', 'r0001']);
  await runtime.halt();
});

test.run();
