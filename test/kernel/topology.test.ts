/**
 * Random processes, links, monitors, options and ends, against a model of semantics section 3 that fits on a page:
 * every EXIT and LINK_DOWN arrives exactly once, at exactly those who must get it, EXIT before LINK_DOWN.
 */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import { type EventQueue, type ProcessEvent, type StepOutput, StepStatus } from '../../runtime/machine.ts';
import { startNative } from './native.ts';

const test = suite('kernel: random topologies');

type Action =
  | { do: 'link' | 'unlink' | 'monitor' | 'unmonitor'; a: number; b: number }
  | { do: 'trap'; a: number; on: boolean }
  | { do: 'end'; a: number; how: 'value' | 'error' | 'terminate' };

const COUNT = 8;
const index = fc.nat(COUNT - 1);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('link', 'monitor'), a: index, b: index }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('unlink', 'unmonitor'), a: index, b: index }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('trap' as const), a: index, on: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      a: index,
      how: fc.constantFrom('value', 'error', 'terminate'),
    }),
  },
) as fc.Arbitrary<Action>;

/** The rules, written once more as plainly as possible. */
class Model {
  readonly alive = new Set<number>(Array.from({ length: COUNT }, (_, i) => i));
  readonly links = new Set<string>();
  readonly monitors = new Set<string>();
  readonly traps = new Set<number>();
  /** `receiver kind from`, as a multiset. */
  readonly events: string[] = [];

  apply(action: Action): void {
    if (!this.alive.has(action.a)) return;
    if (action.do === 'trap') {
      if (action.on) this.traps.add(action.a);
      else this.traps.delete(action.a);
    } else if (action.do === 'end') {
      this.end(action.a, action.how !== 'value');
    } else {
      const { a, b } = action;
      const pair = [a, b].sort().join('-');
      const possible = a !== b && this.alive.has(b);
      if (action.do === 'link' && possible) this.links.add(pair);
      if (action.do === 'unlink') this.links.delete(pair);
      if (action.do === 'monitor' && possible) this.monitors.add(`${a}>${b}`);
      if (action.do === 'unmonitor') this.monitors.delete(`${a}>${b}`);
    }
  }

  end(victim: number, abnormal: boolean): void {
    const ends: [number, boolean][] = [[victim, abnormal]];
    for (let next = ends.shift(); next !== undefined; next = ends.shift()) {
      const [dead, bad] = next;
      if (!this.alive.delete(dead)) continue;
      for (const monitor of [...this.monitors]) {
        const [watcher, watched] = monitor.split('>').map(Number);
        if (watched === dead && this.alive.has(watcher)) this.events.push(`${watcher} pid.exit ${dead}`);
        if (watched === dead || watcher === dead) this.monitors.delete(monitor);
      }
      for (const link of [...this.links]) {
        const [x, y] = link.split('-').map(Number);
        if (x !== dead && y !== dead) continue;
        this.links.delete(link);
        const other = x === dead ? y : x;
        if (!bad || !this.alive.has(other)) continue;
        if (this.traps.has(other)) this.events.push(`${other} pid.link.down ${dead}`);
        else ends.push([other, true]);
      }
    }
  }
}

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
  const model = new Model();
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
  await fc.assert(fc.asyncProperty(fc.array(action, { maxLength: 40 }), play), { numRuns: 400 });
});

test.run();
