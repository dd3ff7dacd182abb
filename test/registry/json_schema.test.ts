import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { z } from 'zod';
import { ENTRY_KINDS } from '../../runtime/registry/entry.ts';
import { deploymentSchema } from '../../runtime/registry/json_schema.ts';

const schema = deploymentSchema();
const reader = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
const accepts = (value: unknown): boolean => reader.safeParse(value).success;
const file = (...entries: unknown[]) => ({ version: '1.0', namespace: 'app', entries });

const test = suite('deploymentSchema');

test('is plain JSON that describes every kind', () => {
  assert.equal(JSON.parse(JSON.stringify(schema)), schema);
  const defs = schema.$defs as { [name: string]: { properties: { kind: unknown }; additionalProperties: boolean } };
  for (const kind of ENTRY_KINDS) {
    assert.equal(defs[kind].properties.kind, { type: 'string', const: kind });
    assert.is(defs[kind].additionalProperties, false);
  }
});

test('accepts files with entries, single entries and settings', () => {
  assert.ok(
    accepts(
      file(
        { name: 'procs', kind: 'process.host', capabilities: { time: null }, limits: { memory: '16MiB', mailbox: 10 } },
        { name: 'cart', kind: 'process.lua', source: 'file://cart.lua', modules: ['time'], meta: { any: 1 } },
        { name: 'pay', kind: 'process.ts', source: 'file://pay.ts', imports: ['time'] },
        { name: 'svc', kind: 'process.service', process: 'cart', lifecycle: { restart: { delay: '1h30m' } } },
        { name: 'sup', kind: 'process.supervisor', children: ['cart', { process: 'cart', restart: 'temporary' }] },
        { name: 'p', kind: 'security.policy', policy: { actions: '*', resources: ['a', 'b'], effect: 'allow' } },
      ),
    ),
  );
  assert.ok(accepts({ namespace: 'app', name: 'cart', kind: 'process.lua', source: 'return 1' }));
  assert.ok(accepts({ workers: 2, logger: { level: 'debug' }, override: { 'app:cart:method': 'run' } }));
});

test('refuses what the registry refuses', () => {
  const cart = { name: 'cart', kind: 'process.lua', source: 'file://cart.lua' };
  assert.ok(accepts(file(cart)));
  assert.not(accepts(file({ ...cart, modulse: ['time'] })));
  assert.not(accepts(file({ ...cart, kind: 'process.python' })));
  assert.not(accepts(file({ ...cart, source: undefined })));
  assert.not(accepts(file({ ...cart, name: 'my cart' })));
  assert.not(accepts(file({ name: 'h', kind: 'process.host', limits: { cpu_slice: 5 } })));
  assert.not(accepts(file({ name: 'h', kind: 'process.host', limits: { cpu_slice: '5' } })));
  assert.not(accepts({ workers: -1 }));
});

test('hosts may be limited to the capabilities that exist', () => {
  const limited = deploymentSchema({ capabilities: ['time', 'fs'] });
  const defs = limited.$defs as { [name: string]: { properties: { capabilities: { propertyNames: unknown } } } };
  assert.equal(defs['process.host'].properties.capabilities.propertyNames, {
    anyOf: [{ enum: ['time', 'fs'] }, { pattern: '^node:' }],
  });
});

test.run();
