import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { uuidCapability } from '../../runtime/capabilities/uuid.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { Caller, NOON, refusal, stillClock } from './call.ts';

const test = suite('uuid');
const uuid = (operation: string, ...args: Payload[]) => new Caller().call(uuidCapability, {}, operation, ...args);
const DNS = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';

test('by name: the examples of RFC 9562', async () => {
  assert.is(await uuid('v3', DNS, 'www.example.com'), '5df41881-3aed-3515-88a7-2f4a814cf09e');
  assert.is(await uuid('v5', DNS, 'www.example.com'), '2ed6657d-e927-568b-95e1-2665a8aea6a2');
});

test('each says what it is, and when it was made', async () => {
  for (const version of [1, 4, 7]) {
    const id = await uuid(`v${version}`);
    assert.match(id as string, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.is(await uuid('version', id), version);
    assert.is(await uuid('variant', id), 'RFC4122');
    const about = (await uuid('parse', id)) as { [key: string]: Payload };
    assert.is(about.version, version);
    assert.is(about.timestamp, version === 4 ? undefined : Math.floor(NOON / 1e3));
    assert.is(about.node, version === 1 ? '81:80:80:80:80:80' : undefined);
  }
});

test('those of version 7 sort by time, within a millisecond too', async () => {
  let now = NOON;
  const clock = { ...stillClock([0.9, 0.1]), unix: () => now };
  const made: string[] = [];
  for (let i = 0; i < 50; i++) {
    made.push((await new Caller({}, clock).call(uuidCapability, {}, 'v7')) as string);
    now += 0.01;
  }
  assert.equal([...made].sort(), made);
});

test('all forms are read and written', () =>
  fc.assert(
    fc.asyncProperty(fc.uuid(), async id => {
      const simple = (await uuid('format', id, 'simple')) as string;
      const urn = (await uuid('format', id, 'urn')) as string;
      assert.is(simple, id.replaceAll('-', ''));
      assert.is(urn, `urn:uuid:${id}`);
      for (const form of [id, id.toUpperCase(), simple, urn, `{${id}}`]) {
        assert.is(await uuid('validate', form), true);
        assert.is(await uuid('format', form), id);
      }
    }),
  ));

test('what is no UUID is none', async () => {
  for (const value of ['', 'x', `${DNS}0`, `{${DNS}`, DNS.replace('6', 'g'), 5, null]) {
    assert.is(await uuid('validate', value), false);
  }
  assert.is((await refusal(uuid('version', 'x'))).kind, 'INVALID');
  assert.match((await refusal(uuid('v5', 'x', 'y'))).message, 'uuid.v5: namespace is not a UUID');
  assert.match((await refusal(uuid('format', DNS, 'simpel'))).message, 'did you mean "simple"?');
});

test.run();
