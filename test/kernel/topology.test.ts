/**
 * Random processes, links, monitors, options and ends, against a model of semantics section 3 that fits on a page:
 * every EXIT and LINK_DOWN arrives exactly once, at exactly those who must get it, EXIT before LINK_DOWN.
 */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import { type EventQueue, type ProcessEvent, type StepOutput, StepStatus } from '../../runtime/machine.ts';
import { type Action, actions, LinkModel } from './link_model.ts';
import { startNative } from './native.ts';

const test = suite('kernel: random topologies');

const COUNT = 8;

interface Puppet {
  out: StepOutput;
  queue: EventQueue;
  end?: 'value' | 'error';
  events: ProcessEvent[];
}

async function play(actions: readonly Action[]): Promise<void> {
  const puppets: Puppet[] = [];
  const runtime = await startNative({
    puppet: () => {
      let me: Puppet | undefined;
      return (queue, out) => {
        if (me === undefined) {
          me = { out, queue, events: [] };
          puppets.push(me);
        }
        for (let event = queue.event(); event !== undefined; event = queue.event()) me.events.push(event);
        if (me.end === undefined) return StepStatus.Idle;
        if (me.end === 'error') out.fail(new TroupeError('ended by the test'));
        else out.complete(null);
        return StepStatus.Complete;
      };
    },
  });
  const pids = Array.from({ length: COUNT }, () => runtime.spawn({ id: 't:puppet', host: 't:host' }));
  runtime.scheduler.run();
  const model = new LinkModel(COUNT);
  for (const step of actions) {
    const who = puppets[step.a];
    const mayAct = model.alive.has(step.a);
    model.apply(step);
    if (!mayAct) continue;
    if (step.do === 'trap') who.out.setOptions({ trap_links: step.on });
    else if (step.do === 'end') {
      if (step.how === 'terminate') runtime.terminate(pids[step.a]);
      else {
        who.end = step.how;
        who.out.wake();
      }
      runtime.scheduler.run();
    } else who.out[step.do](pids[step.b]);
  }
  runtime.scheduler.run();
  const got: string[] = [];
  puppets.forEach((puppet, receiver) => {
    const exits = new Set<string>();
    for (const event of puppet.events) {
      const from = pids.indexOf(event.from);
      got.push(`${receiver} ${event.kind} ${from}`);
      if (event.kind === 'pid.exit') exits.add(event.from);
      if (event.kind === 'pid.link.down') {
        const both = puppet.events.some(other => other.kind === 'pid.exit' && other.from === event.from);
        assert.ok(!both || exits.has(event.from), 'EXIT comes before LINK_DOWN');
      }
    }
  });
  // What a process was told and did not live to read is nobody's: compare for those that are alive at the end.
  const living = (line: string): boolean => model.alive.has(Number(line.split(' ')[0]));
  assert.equal(got.filter(living).sort(), model.events.filter(living).sort());
  for (let i = 0; i < COUNT; i++) {
    const answer = runtime.send(pids[i], 'alive?', null);
    assert.is(answer === undefined, model.alive.has(i), `process ${i} alive`);
  }
  await runtime.stop();
}

test('links, monitors and ends agree with the model', async () => {
  await fc.assert(fc.asyncProperty(actions(COUNT, 40), play), {
    numRuns: 1000 * (Number(process.env.TROUPE_SOAK) || 1),
  });
});

test.run();
