import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import { ProcessEventKind, STARTED, StepStatus } from '../../runtime/machine.ts';
import { startNative } from './native.ts';

const test = suite('kernel: starting and stopping others');

test('who announces a child is told once when it waits for the first time, and not before', async () => {
  const told: string[] = [];
  let steps = 0;
  let waited = 0;
  const runtime = await startNative({
    slow: () => () => {
      steps++;
      return steps < 5 ? StepStatus.Ready : StepStatus.Idle;
    },
    quick: () => (_events, out) => {
      out.complete(1);
      return StepStatus.Complete;
    },
    starter: () => (events, out) => {
      if (waited++ === 0) {
        told.push(String(out.spawn({ id: 'slow', announce: true }) instanceof TroupeError));
        out.exec(7, { id: 'quick', announce: true });
      }
      for (let event = events.event(); event !== undefined; event = events.event()) told.push(`${event.kind} ${steps}`);
      for (let answer = events.answer(); answer !== undefined; answer = events.answer()) told.push('quick has ended');
      if (events.message() === undefined) return StepStatus.Idle;
      out.complete(null);
      return StepStatus.Complete;
    },
  });
  const { pid, exit } = runtime.watch({ id: 't:starter', host: 't:host' });
  while (told.length < 3) await runtime.wait(1);
  // It is woken and waits again: that is no start.
  runtime.send('{t:host|0x00003}', 'wake', 1);
  await runtime.wait(1);
  runtime.send(pid, 'end', 1);
  await exit;
  assert.equal([...told].sort(), ['false', `${STARTED} 5`, 'quick has ended'].sort());
  await runtime.stop();
});

test('an exclusive name that is held is ALREADY_EXISTS, and its holder hears nothing', async () => {
  let heard = 0;
  const runtime = await startNative({
    holder: () => events => {
      while (events.message() !== undefined) heard++;
      return StepStatus.Idle;
    },
  });
  const request = { id: 't:holder', host: 't:host', name: 'cart', messages: [{ topic: 'x', payloads: [1] }] };
  const pid = runtime.spawn({ ...request, exclusive: true });
  assert.throws(
    () => runtime.spawn({ ...request, exclusive: true }),
    (error: TroupeError) => error.kind === 'ALREADY_EXISTS',
  );
  await runtime.wait(2);
  assert.is(heard, 1);
  assert.is(runtime.live, 1);
  assert.is(runtime.spawn(request), pid);
  await runtime.wait(2);
  assert.is(heard, 2);
  await runtime.stop();
});

test('shutdown is CANCEL for who hears events, and the end for who has never asked for them', async () => {
  const reasons: string[] = [];
  const runtime = await startNative({
    deaf: () => () => StepStatus.Idle,
    hearing: () => (events, out) => {
      const event = events.event();
      if (event === undefined) return StepStatus.Idle;
      reasons.push(`${event.kind}: ${event.reason}`);
      out.complete('in order');
      return StepStatus.Complete;
    },
    stopper: (...pids) => {
      return (_events, out) => {
        for (const pid of pids) out.shutdown(String(pid), 'enough');
        out.complete(String(out.shutdown('nobody')?.kind));
        return StepStatus.Complete;
      };
    },
  });
  const deaf = runtime.watch({ id: 't:deaf', host: 't:host' });
  const hearing = runtime.watch({ id: 't:hearing', host: 't:host' });
  await runtime.wait(2);
  assert.is(await runtime.exec({ id: 't:stopper', host: 't:host', args: [deaf.pid, hearing.pid] }), 'NOT_FOUND');
  assert.is((await deaf.exit).result?.error?.message, 'process terminated');
  assert.equal((await hearing.exit).result, { value: 'in order' });
  assert.equal(reasons, [`${ProcessEventKind.CANCEL}: enough`]);
  await runtime.stop();
});

test.run();
