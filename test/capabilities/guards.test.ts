/** Which action and which resource each operation asks of the policies, and that a denied one has done nothing. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { capabilityDefinitions } from '../../runtime/capabilities/index.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import type { Entry } from '../../runtime/registry/entry.ts';
import { Caller, refusal } from './call.ts';

const test = suite<{ root: string }>('what policies are asked');

test.before.each(context => {
  context.root = realpathSync(mkdtempSync(join(tmpdir(), 'troupe-guards-')));
  mkdirSync(join(context.root, 'data/private'), { recursive: true });
  writeFileSync(join(context.root, 'data/a.txt'), 'a');
  writeFileSync(join(context.root, 'data/private/key'), 'key');
});

test.after.each(context => rmSync(context.root, { recursive: true, force: true }));

function callerOf(root: string, denies: (action: string, resource: string) => boolean): Caller {
  const caller = new Caller({ root, environment: { APP_A: '1', APP_B: '2', HOME: '/' } });
  caller.denies = denies;
  caller.entries = new Map(
    ['app:one', 'app:two', 'test:three'].map(id => [
      id,
      {
        id,
        namespace: id.split(':')[0],
        name: id.split(':')[1],
        kind: 'registry.entry',
        meta: {},
        data: { data: 1 },
      } as never as Entry,
    ]),
  );
  return caller;
}

const call = (caller: Caller, name: string, settings: object, ...args: Payload[]) => {
  const [capability, operation] = name.split('.');
  return caller.call(capabilityDefinitions.get(capability) as never, settings, operation, ...args);
};

const WRITABLE = { root: 'data', write: true };
const MOUNTED = { mounts: { files: { path: 'data', read_only: false } } };

/** Operation, settings, arguments, and what is asked, in order. */
const CASES: readonly [string, object, Payload[], string[]][] = [
  ['fs.read_file', WRITABLE, ['private/../a.txt'], ['fs.read a.txt']],
  ['fs.read_file', MOUNTED, ['/files//private/./../a.txt'], ['fs.read files/a.txt']],
  ['fs.write_file', WRITABLE, ['./b.txt', 'x'], ['fs.write b.txt']],
  ['fs.stat', WRITABLE, ['.'], ['fs.read .']],
  ['fs.list', WRITABLE, [], ['fs.read .']],
  ['fs.list', MOUNTED, [], ['fs.read .']],
  ['fs.list', MOUNTED, ['files'], ['fs.read files']],
  ['fs.make_directory', WRITABLE, ['new'], ['fs.write new']],
  ['fs.remove_directory', WRITABLE, ['private'], ['fs.write private']],
  ['fs.remove', WRITABLE, ['a.txt'], ['fs.write a.txt']],
  ['fs.rename', WRITABLE, ['a.txt', 'private/../b.txt'], ['fs.write a.txt', 'fs.write b.txt']],
  ['fs.set_times', WRITABLE, ['a.txt', {}], ['fs.write a.txt']],
  ['fs.open', WRITABLE, ['a.txt'], ['fs.read a.txt']],
  ['fs.open', WRITABLE, ['a.txt', { truncate: true }], ['fs.read a.txt', 'fs.write a.txt']],
  ['store.get', {}, ['k'], ['store.get k {"namespace":"default"}']],
  ['store.has', {}, ['k'], ['store.get k {"namespace":"default"}']],
  ['store.set', { namespace: 'n' }, ['k', 1], ['store.set k {"namespace":"n"}']],
  ['store.delete', {}, ['k'], ['store.delete k {"namespace":"default"}']],
  ['store.list', {}, ['a/'], ['store.list a/ {"namespace":"default"}']],
  ['env.get', { names: ['HOME'] }, ['HOME'], ['env.get HOME']],
  ['env.get_all', { names: ['APP_*'] }, [], ['env.get APP_A', 'env.get APP_B']],
  ['registry.get', {}, ['three'], ['registry.get test:three']],
  ['registry.find', {}, [{ ns: 'app' }], ['registry.get app:one', 'registry.get app:two']],
  [
    'registry.apply',
    { write: true },
    [[{ set: { name: 'four', kind: 'registry.entry' } }]],
    ['registry.set test:four {"kind":"registry.entry"}'],
  ],
  ['registry.apply', { write: true }, [[{ remove: 'app:two' }]], ['registry.remove app:two']],
  ['registry.undo', { write: true }, [2], ['registry.undo 2']],
  ['io.write', {}, ['secret text'], ['io.write stdout']],
  ['io.print', {}, ['x'], ['io.write stdout']],
  ['io.write_error', {}, ['x'], ['io.write stderr']],
  ['io.read_line', {}, [], ['io.read stdin']],
  ['crypto.random_bytes', {}, [3], ['crypto.random bytes']],
  ['crypto.hmac_sha256', {}, ['the key', 'data'], ['crypto.sign hmac_sha256']],
  ['crypto.encrypt_aes', {}, ['data', 'k'.repeat(16)], ['crypto.encrypt aes']],
  ['crypto.jwt_encode', {}, [{}, 'the key'], ['crypto.sign jwt']],
  ['security.named_scope', {}, ['ops'], ['security.policy_group.get ops']],
  ['security.policy', {}, ['p'], ['security.policy.get test:p']],
  ['events.send', {}, ['shop', 'paid', '/x'], ['events.send shop:paid']],
  ['events.send', {}, ['a:b', 'c'], []],
  ['events.subscribe', {}, ['shop'], ['events.subscribe shop:*']],
  ['events.subscribe', {}, ['shop', 'pa*'], ['events.subscribe shop:pa*']],
  ['http_client.get', { allow: ['http://127.0.0.1:1/*'], private_addresses: true }, ['http://ann@127.0.0.1:1/a'], []],
  [
    'http_client.put',
    { allow: ['http://127.0.0.1:1/*'], private_addresses: true },
    ['http://127.0.0.1:1/a/../b?key=secret#part'],
    ['http.request http://127.0.0.1:1/b {"method":"PUT","scheme":"http","host":"127.0.0.1","port":1}'],
  ],
  ['supervisor.start', {}, [{ children: ['app:worker'] }], ['supervisor.start supervisor']],
  ['supervisor.start_child', {}, ['pool', []], ['supervisor.control pool']],
  ['supervisor.terminate_child', {}, ['pool', 'a'], ['supervisor.control pool']],
  ['supervisor.restart_child', {}, ['pool', 'a'], ['supervisor.control pool']],
  ['supervisor.delete_child', {}, ['pool', 'a'], ['supervisor.control pool']],
  ['supervisor.stop', {}, ['pool'], ['supervisor.control pool']],
  ['supervisor.children', {}, ['pool'], ['supervisor.read pool']],
  ['supervisor.count', {}, ['pool'], ['supervisor.read pool']],
  ['time.now', {}, [], []],
  ['json.encode', {}, [1], []],
  ['random.number', {}, [], []],
  ['logger.info', {}, ['x'], []],
];

for (const [name, settings, args, asked] of CASES) {
  test(`${name}(${args.map(arg => JSON.stringify(arg)).join(', ')}) asks ${asked.join(', ') || 'nothing'}`, async ({
    root,
  }) => {
    const caller = callerOf(root, () => false);
    await call(caller, name, settings, ...args).catch(() => undefined);
    assert.equal(caller.asked, asked);
    caller.end();
  });
}

test('every action that a definition names is asked for, and is known to the README', () => {
  const readme = readFileSync(new URL('../../../runtime/capabilities/README.md', import.meta.url), 'utf8');
  const asked = new Set(CASES.flatMap(([, , , questions]) => questions.map(question => question.split(' ')[0])));
  for (const { name, operations } of capabilityDefinitions.values()) {
    for (const [operation, { action }] of Object.entries(operations)) {
      if (action === undefined) continue;
      assert.match(readme, `\`${action}\``, `${name}.${operation}`);
      if (['crypto.decrypt', 'crypto.verify', 'crypto.derive'].includes(action)) continue;
      assert.ok(asked.has(action), `${name}.${operation} asks ${action}`);
    }
  }
});

test('what is denied has done nothing', async ({ root }) => {
  const caller = callerOf(root, action => action === 'fs.write');
  const changes: readonly [string, ...Payload[]][] = [
    ['fs.write_file', 'a.txt', 'x'],
    ['fs.write_file', 'new.txt', 'x'],
    ['fs.open', 'a.txt', { truncate: true }],
    ['fs.open', 'new.txt', { create: true }],
    ['fs.remove', 'a.txt'],
    ['fs.rename', 'a.txt', 'new.txt'],
    ['fs.make_directory', 'new.txt'],
    ['fs.set_times', 'a.txt', { modified: 1 }],
  ];
  for (const [name, ...args] of changes) {
    const refused = await refusal(call(caller, name, WRITABLE, ...args));
    assert.is(refused.message, `denied: fs.write ${args[0]}`, name);
  }
  assert.is(readFileSync(join(root, 'data/a.txt'), 'utf8'), 'a');
  assert.not(existsSync(join(root, 'data/new.txt')));
});

test('arguments are checked first: what could not be done is not asked about', async ({ root }) => {
  const caller = callerOf(root, () => true);
  assert.is((await refusal(call(caller, 'fs.read_file', {}, 5))).kind, 'INVALID');
  assert.match((await refusal(call(caller, 'fs.read_file', { root: 'data' }, '../x'))).message, 'lies outside');
  assert.equal(caller.asked, []);
});

test('a rename needs both paths', async ({ root }) => {
  const caller = callerOf(root, (_action, resource) => resource === 'b.txt');
  assert.is((await refusal(call(caller, 'fs.rename', WRITABLE, 'a.txt', 'b.txt'))).message, 'denied: fs.write b.txt');
});

test('a link inside of the folder does not lead round a policy', async ({ root }) => {
  symlinkSync('private', join(root, 'data/open'));
  symlinkSync('private/key', join(root, 'data/key.txt'));
  const denies = (_action: string, resource: string) => resource.startsWith('private');
  for (const settings of [WRITABLE, { root: 'data/../data', write: true }]) {
    for (const [name, ...args] of [
      ['fs.read_file', 'open/key'],
      ['fs.read_file', 'key.txt'],
      ['fs.open', 'key.txt'],
      ['fs.open', 'open/key', { truncate: true }],
      ['fs.write_file', 'open/key', 'x'],
      ['fs.write_file', 'key.txt', 'x'],
      ['fs.write_file', 'open/new', 'x'],
      ['fs.list', 'open'],
      ['fs.stat', 'key.txt'],
      ['fs.remove', 'open/key'],
      ['fs.rename', 'open/key', 'mine'],
      ['fs.rename', 'a.txt', 'open/a.txt'],
      ['fs.set_times', 'key.txt', { modified: 1 }],
    ] as [string, ...Payload[]][]) {
      const refused = await refusal(call(callerOf(root, denies), name, settings, ...args));
      assert.match(refused.message, /^denied: fs\.(read|write) private/, `${name} ${args[0]}`);
    }
  }
  assert.is(readFileSync(join(root, 'data/private/key'), 'utf8'), 'key');
  assert.not(existsSync(join(root, 'data/private/new')));
  // The link itself may be seen and removed.
  const caller = callerOf(root, denies);
  assert.is(((await call(caller, 'fs.stat', WRITABLE, 'open', { follow: false })) as { type: string }).type, 'link');
  await call(caller, 'fs.remove', WRITABLE, 'key.txt');
});

test('times of a file that is open for reading need to be allowed as writing', async ({ root }) => {
  const caller = callerOf(root, action => action === 'fs.write');
  const handle = await call(caller, 'fs.open', WRITABLE, 'a.txt');
  assert.is(
    (await refusal(call(caller, 'fs.set_times_open', WRITABLE, handle, { modified: 1 }))).message,
    'denied: fs.write a.txt',
  );
  caller.end();
});

test('what may not be seen is left out', async ({ root }) => {
  const caller = callerOf(root, (_action, resource) => resource === 'app:one' || resource === 'APP_A');
  assert.equal(await call(caller, 'env.get_all', { names: ['APP_*'] }), { APP_B: '2' });
  const found = (await call(caller, 'registry.find', {}, {})) as { id: string }[];
  assert.equal(
    found.map(({ id }) => id),
    ['app:two', 'test:three'],
  );
  assert.not.match((await refusal(call(caller, 'registry.get', {}, 'app:onee'))).message, 'app:one"');
});

test.run();
