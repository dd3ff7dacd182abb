/**
 * Random scripts for agents of random languages on two workers. Ordering: nothing lost, doubled or reordered between
 * any two of them. Ends: every EXIT and LINK_DOWN exactly once, at those who must get it.
 */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Payload } from '../../runtime/machine.ts';
import { type Action, actions, LinkModel } from '../kernel/link_model.ts';
import { type Agent, LANGUAGES, World } from './world.ts';

const test = suite('conformance: random scripts across workers');
const COUNT = 6;
const names = Object.keys(LANGUAGES);
const cast = fc.array(fc.constantFrom(...names), { minLength: COUNT, maxLength: COUNT });

let world: World;
test.before(async () => {
  world = await World.start({ workers: 3, restless: true, placement: 'round-robin' });
});
test.after(async () => {
  await world.runtime.stop();
});

async function sendAll(languages: string[], script: readonly (readonly [number, number])[]): Promise<void> {
  const agents = await Promise.all(languages.map(language => world.agent(language)));
  const expected = new Map<string, Payload[]>();
  const counts = new Array(COUNT).fill(0);
  script.forEach(([from, to], n) => {
    agents[from].tell('send', { to: agents[to].pid, topic: 'n', payloads: [n] });
    const pair = `${from}>${to}`;
    expected.set(pair, [...(expected.get(pair) ?? []), n]);
    counts[to]++;
  });
  const got = new Map<string, Payload[]>();
  for (const [to, agent] of agents.entries()) {
    const mail = await agent.mail(counts[to]);
    for (const [, n, from] of mail) {
      const pair = `${agents.findIndex(other => other.pid === from)}>${to}`;
      got.set(pair, [...(got.get(pair) ?? []), n]);
    }
  }
  assert.equal(new Map([...got].sort()), new Map([...expected].sort()));
  for (const agent of agents) agent.tell('return', { value: null });
}

test('messages between random agents keep their order, each pair for itself', async () => {
  const step = fc.tuple(fc.nat(COUNT - 1), fc.nat(COUNT - 1));
  await fc.assert(fc.asyncProperty(cast, fc.array(step, { minLength: 1, maxLength: 120 }), sendAll), {
    numRuns: 60 * (Number(process.env.TROUPE_SOAK) || 1),
  });
});

async function playEnds(languages: string[], script: readonly Action[]): Promise<void> {
  const agents: Agent[] = await Promise.all(languages.map(language => world.agent(language)));
  const model = new LinkModel(COUNT);
  for (const step of script) {
    if (!model.alive.has(step.a)) continue;
    const before = [...model.alive];
    const { a } = step;
    model.apply(step);
    if (step.do === 'trap') await agents[a].must('set_options', { trap_links: step.on });
    else if (step.do === 'end') {
      if (step.how === 'terminate') world.runtime.terminate(agents[a].pid);
      else if (step.how === 'value') agents[a].tell('return', { value: a });
      else agents[a].tell('raise', { message: 'ended by the test' });
      // Everything that ends by it must have ended before the next action, or the model knows more than the processes.
      for (const i of before) if (!model.alive.has(i)) await world.gone(agents[i].pid);
    } else {
      const answer = await agents[a].ask(step.do, { pid: agents[step.b].pid });
      assert.ok(answer !== undefined);
    }
    // A signal to another worker is under way after its sender was answered: one more question goes behind it.
    for (const i of model.alive) await agents[i].must('nothing');
  }
  for (const i of model.alive) {
    const wanted = model.events.filter(line => line.startsWith(`${i} `)).sort();
    const events = await agents[i].events(wanted.length);
    const got = events.map(({ kind, from }) => `${i} ${kind} ${agents.findIndex(agent => agent.pid === from)}`);
    assert.equal(got.sort(), wanted);
  }
  for (const i of model.alive) world.runtime.terminate(agents[i].pid);
}

test('links, monitors and ends of random agents agree with the model', async () => {
  await fc.assert(fc.asyncProperty(cast, actions(COUNT, 20), playEnds), {
    numRuns: 60 * (Number(process.env.TROUPE_SOAK) || 1),
  });
});

test.run();
