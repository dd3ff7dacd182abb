/** What programs may do by means of supervisors: what they may do without, and nothing else. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Payload } from '../../runtime/machine.ts';
import { type Agents, startAgents } from '../capabilities/agents.ts';
import { deploy } from '../deploy.ts';

const test = suite('rights of supervisors');

const WANTED = 'http_client: {}, events: {}, supervisor: {}, time: {}';
const HOSTS = {
  h: `capabilities: {${WANTED}}`,
  bobs: `capabilities: {${WANTED}}, lifecycle: {security: {actor: {id: bob}, policies: [bob]}}`,
  closed: `capabilities: {${WANTED}}, reachable_from: [closed], lifecycle: {security: {actor: {id: eve}, policies: [all]}}`,
};
const MORE = [
  '{name: waits, kind: process.lua, source: "return function() process.inbox():receive() end"}',
  '{name: secret, kind: process.lua, source: "return function() process.inbox():receive() end"}',
  `{name: bob, kind: security.policy, policy: {effect: allow, actions: ["*"],
    resources: ["supervisor", "a:waits", "a:bobs", "bobs.*", "{system:runtime|*", "{a:closed|*", "{a:bobs|*"]}}`,
  '{name: all, kind: security.policy, policy: {effect: allow, actions: ["*"], resources: ["*"]}}',
];

const waits = (host: string, name?: string): Payload => ({ process: 'waits', host, ...(name && { name }) });

for (const workers of [0, 2]) {
  test(`policies and borders, ${workers} workers`, async () => {
    const agents: Agents = await startAgents(HOSTS, { workers }, MORE);
    const [open, bob, eve] = [agents.agent('lua'), agents.agent('lua', 'a:bobs'), agents.agent('lua', 'a:closed')];
    const refused = async (agent: typeof bob, operation: string, ...args: Payload[]): Promise<string> => {
      const answer = await agent.supervisor(operation, ...args);
      return `${answer.refused?.kind}: ${answer.refused?.message}`;
    };

    const his = await bob.supervisor('start', { children: [waits('bobs', 'bobs.child')] });
    assert.type(his, 'string', JSON.stringify(his));
    const denied = await refused(bob, 'start', { children: [waits('bobs'), { process: 'secret', host: 'bobs' }] });
    assert.match(denied, /PERMISSION_DENIED: .*child "a:secret" .*"process.spawn" of "a:secret"/);

    const other = await open.supervisor('start', { children: [waits('h', 'bobs.other'), waits('h', 'other')] });
    agents.runtime.register('bobs.supervisor', other);
    agents.runtime.register('supervisor.of.others', other);
    assert.match(await refused(bob, 'count', 'supervisor.of.others'), /PERMISSION_DENIED: .*"supervisor.read"/);
    assert.match(await refused(bob, 'stop', 'supervisor.of.others'), /PERMISSION_DENIED: .*"supervisor.control"/);
    assert.is((await bob.supervisor('count', 'bobs.supervisor')).active, 2);
    assert.match(
      await refused(bob, 'start_child', 'bobs.supervisor', { process: 'secret', host: 'h' }),
      /PERMISSION_DENIED: .*"a:secret"/,
      'nobody gets another one to start what one may not start oneself',
    );
    assert.match(
      await refused(bob, 'start_child', 'bobs.supervisor', waits('h')),
      /PERMISSION_DENIED: .*"process.host" of "a:h"/,
    );
    assert.is((await open.supervisor('count', other)).children, 2);

    const hers = await eve.supervisor('start', { children: [waits('closed')] });
    assert.type(hers, 'string', JSON.stringify(hers));
    assert.match(await refused(bob, 'count', hers), /PERMISSION_DENIED: .*not reachable/);
    assert.match(await refused(open, 'stop', hers), /PERMISSION_DENIED: .*not reachable/);
    assert.is((await eve.supervisor('count', hers)).active, 1);
    await agents.runtime.stop();
  });
}

test('what the runtime brings along cannot be named by programs', async () => {
  const source = `
    local function kind(_, err) return err and err:kind() or "none" end
    return function(what)
      if what then process.upgrade(what, {}) end
      local tree = process.spawn("tree", nil)
      return {
        kind(process.spawn("system:supervisor", "s:host", {children = {}}, process.pid())),
        kind(process.spawn("system:supervisor_start", "system:supervisors", {children = {}}, process.pid())),
        kind(process.exec("system:supervisor_call", "system:supervisors", tree, {verb = "stop", reason = ""})),
        kind(process.send(tree, "@question", {verb = "stop", reason = ""})),
        kind(process.spawn("tree", nil, {children = {}, strategy = "one_for_one"})),
      }
    end`;
  const yaml = `namespace: s
entries:
  - {name: host, kind: process.host}
  - {name: waits, kind: process.lua, source: "return function() process.inbox():receive() end"}
  - {name: tree, kind: process.supervisor, children: [waits]}
  - {name: probe, kind: process.lua, source: file://probe.lua}
`;
  const runtime = await deploy({ 's.yaml': yaml, 'probe.lua': source });
  assert.equal(await runtime.exec({ id: 's:probe' }), ['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND', 'INVALID', 'none']);
  while (runtime.live < 4) await runtime.wait(1);
  assert.is(runtime.live, 4, 'an entry of the deployment is what the deployment says, whatever its arguments');
  for (const id of ['system:supervisor', 'system:supervisor_call']) {
    const { error } = (await runtime.watch({ id: 's:probe', args: [id] }).exit).result!;
    assert.match(error!.message, /^upgrade: entry "system:\w+" not found/);
  }
  await runtime.stop();
});

test('children act for whom the supervisor says; a command in its terminal has supervisors too', async () => {
  const yaml = `namespace: s
entries:
  - {name: host, kind: process.host}
  - {name: terminal, kind: terminal.host}
  - {name: all, kind: security.policy, policy: {effect: allow, actions: ["*"], resources: ["*"]}}
  - {name: waits, kind: process.lua, source: "return function() process.inbox():receive() end"}
  - {name: tells, kind: process.lua, modules: [security], source: file://tells.lua}
  - name: tree
    kind: process.supervisor
    lifecycle: {security: {actor: {id: ann}, policies: [all]}}
    children: [tells, served]
  - name: served
    kind: process.service
    process: tells
    lifecycle: {security: {actor: {id: bob}, policies: [all]}}
  - {name: command, kind: process.lua, modules: [supervisor], source: file://command.lua}
`;
  const runtime = await deploy({
    's.yaml': yaml,
    'tells.lua': `return function()
      process.send("watcher", "actor", require("security").actor():id())
      process.events():receive()
    end`,
    'command.lua': `return function()
      local supervisor = require("supervisor")
      local pid, err = supervisor.start({children = {{process = "waits", host = "host"}}})
      if err then return nil, err end
      return {supervisor.count(pid).active, pid}
    end`,
  });
  runtime.register('watcher', runtime.pid);
  const actors: Payload[] = [];
  runtime.onMessage(({ payload }) => actors.push(payload));
  const { pid, exit } = runtime.watch({ id: 's:tree' });
  while (actors.length < 2) await runtime.wait(1);
  assert.equal(actors, ['ann', 'bob']);
  runtime.cancel(pid);
  await exit;
  const { result } = await runtime.watch({ id: 's:command', host: 's:terminal' }).exit;
  const [active, made] = result!.value as [number, string];
  assert.is(active, 1, JSON.stringify(result));
  assert.ok(made.startsWith('{system:supervisors|'), 'a terminal has room for one process');
  while (runtime.live > 0) await runtime.wait(1);
  await runtime.stop();
});

test.run();
