/** The capability `supervisor`: supervisors made and asked by programs in each language, on one thread and on several. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Payload } from '../../runtime/machine.ts';
import { type Agent, type Agents, LANGUAGES, startAgents } from '../capabilities/agents.ts';

const test = suite('supervisors by programs');

const HOSTS = { h: 'capabilities: {http_client: {}, events: {}, supervisor: {}, time: {}}' };
const CHILDREN = [
  '{name: waits, kind: process.lua, source: "return function() process.inbox():receive() end"}',
  '{name: fails, kind: process.lua, source: "return function() error([[no]]) end"}',
  '{name: tree, kind: process.supervisor, children: [{process: waits, host: h}]}',
];

const waits = (more: { [key: string]: Payload } = {}): Payload => ({ process: 'waits', host: 'h', ...more });
const keys = (children: readonly { key: string }[]): string[] => children.map(({ key }) => key);

for (const workers of [0, 2]) {
  let agents: Agents;
  test(`start, ${workers} workers`, async () => {
    agents = await startAgents(HOSTS, { workers, placement: 'round-robin' }, CHILDREN);
  });

  for (const language of LANGUAGES) {
    const name = (what: string): string => `${language}, ${workers} workers: ${what}`;
    let agent: Agent;

    test(name('children are listed, stopped, started and forgotten'), async () => {
      agent = agents.agent(language);
      const specification = { children: [waits(), waits({ name: 'second' }), waits({ restart: 'transient' }), 'tree'] };
      const pid = await agent.supervisor('start', specification);
      assert.type(pid, 'string', JSON.stringify(pid));
      const children = await agent.supervisor('children', pid);
      assert.equal(keys(children), ['a:waits', 'second', 'a:waits#2', 'a:tree']);
      const [first, second, third, tree] = children;
      assert.is(agents.runtime.lookup('second'), second.pid);
      assert.equal(
        { ...first, pid: null, error: null },
        {
          key: 'a:waits',
          pid: null,
          process: 'a:waits',
          kind: 'worker',
          state: 'running',
          restart: 'permanent',
          restarts: 0,
          significant: false,
          error: null,
        },
      );
      assert.equal([third.restart, tree.kind], ['transient', 'supervisor']);
      const counted = { children: 4, active: 4, supervisors: 1, workers: 3 };
      assert.equal(await agent.supervisor('count', pid), counted);

      const running = await agent.supervisor('delete_child', pid, 'second');
      assert.is(running.refused.kind, 'CONFLICT');
      assert.is((await agent.supervisor('restart_child', pid, 'second')).refused.kind, 'CONFLICT');
      assert.is((await agent.supervisor('terminate_child', pid, second.pid)) ?? null, null);
      assert.is(agents.runtime.lookup('second'), undefined);
      assert.equal(await agent.supervisor('count', pid), { ...counted, active: 3 });
      const again = await agent.supervisor('restart_child', pid, 'second');
      assert.is(agents.runtime.lookup('second'), again);
      await agent.supervisor('terminate_child', pid, 'second');
      assert.is((await agent.supervisor('delete_child', pid, 'second')) ?? null, null);
      assert.is((await agent.supervisor('terminate_child', pid, 'second')).refused.kind, 'NOT_FOUND');

      const { key, pid: fourth } = await agent.supervisor('start_child', pid, waits());
      assert.is(key, 'a:waits#3');
      agents.runtime.terminate(fourth);
      const restarted = await agents.until(
        async () => (await agent.supervisor('children', pid)).at(-1),
        child => child.pid !== fourth && child.state === 'running',
      );
      assert.equal([restarted.key, restarted.restarts, restarted.error], ['a:waits#3', 1, 'process terminated']);
      assert.is((await agent.supervisor('stop', pid, 'enough')) ?? null, null);
      assert.is((await agent.supervisor('count', pid)).refused.kind, 'NOT_FOUND');
      await agents.until(
        () => agents.runtime.live,
        live => live === 1,
      );
      assert.is(agents.runtime.live, 1, 'nothing but the agent is left');
    });

    test(name('children made from a template'), async () => {
      const template = { strategy: 'simple_one_for_one', children: [waits({ input: [1], restart: 'transient' })] };
      const pid = await agent.supervisor('start', template);
      const [one, two] = [await agent.supervisor('start_child', pid), await agent.supervisor('start_child', pid, [2])];
      assert.equal([one.key, two.key], ['a:waits', 'a:waits#2']);
      assert.is((await agent.supervisor('start_child', pid, waits())).refused.kind, 'INVALID');
      assert.is((await agent.supervisor('restart_child', pid, one.pid)).refused.kind, 'INVALID');
      await agent.supervisor('terminate_child', pid, one.pid);
      agents.runtime.send(two.pid, 'end', 1);
      await agents.until(
        () => agent.supervisor('count', pid),
        ({ children }) => children === 0,
      );
      assert.is((await agent.supervisor('count', pid)).children, 0, 'they are forgotten');
      await agent.supervisor('stop', pid);
    });

    test(name('what cannot be'), async () => {
      const refused = async (operation: string, ...args: Payload[]): Promise<string> => {
        const answer = await agent.supervisor(operation, ...args);
        return `${answer.refused?.kind}: ${answer.refused?.message}`;
      };
      const start = (specification: Payload): Promise<string> => refused('start', specification);
      assert.match(await start({ children: ['fails'] }), /cannot start: child "a:fails" failed .*no/);
      assert.match(await start({ children: [waits(), 'nobody'] }), /NOT_FOUND: .*entry "a:nobody" not found/);
      assert.match(await start({ children: [{ name: 'x' }] }), /INVALID: .*children\[0\] needs the key "process"/);
      assert.match(await start({ strategy: 'one_for_some' }), /INVALID: .*did you mean/);
      assert.match(await start({ children: [waits({ restrat: 'permanent' })] }), /children\[0\]\.restrat.*"restart"/);
      assert.match(await start({ children: [waits({ significant: true })] }), /INVALID: .*permanent/);
      assert.match(await start({ children: [waits({ shutdown: 'soon' })] }), /INVALID: .*"soon"/);
      assert.match(await start({ children: [waits({ name: 'twice' }), waits({ name: 'twice' })] }), /ALREADY_EXISTS/);
      assert.match(await start({ strategy: 'simple_one_for_one' }), /INVALID: .*template/);
      assert.match(await refused('count', '{a:h|0xfffff}'), /NOT_FOUND/);
      assert.match(await refused('count', 'nobody'), /NOT_FOUND/);
      assert.match(await refused('count', agent.pid), /INVALID: .*is not a supervisor/);

      const pid = await agent.supervisor('start', { children: [waits({ name: 'held' })] });
      assert.match(await refused('start_child', pid, []), /INVALID: .*no template/);
      assert.match(await refused('start_child', pid, 'nobody'), /NOT_FOUND/);
      assert.match(await refused('start_child', pid, 'fails'), /no/);
      assert.match(await refused('start_child', pid, waits({ name: 'held' })), /ALREADY_EXISTS: .*child "held"/);
      agents.runtime.register('elsewhere', agent.pid);
      assert.match(await refused('start_child', pid, waits({ name: 'elsewhere' })), /ALREADY_EXISTS/);
      assert.equal(keys(await agent.supervisor('children', pid)), ['held'], 'nothing of it is left behind');
      await agent.supervisor('stop', pid);
      assert.is(agents.runtime.live, 1);
    });

    test(name('it ends with who has made it'), async () => {
      const pid = await agent.supervisor('start', { children: [waits({ name: 'orphan' })] });
      assert.type(pid, 'string');
      agents.runtime.terminate(agent.pid);
      await agents.until(
        () => agents.runtime.live,
        live => live === 0,
      );
      assert.is(agents.runtime.live, 0);
    });
  }

  test(`stop, ${workers} workers`, async () => {
    await agents.runtime.stop();
  });
}

test.run();
