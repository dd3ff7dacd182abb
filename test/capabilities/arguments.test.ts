/** What is wrong with arguments is found in one place and said with the same words, whoever calls and whatever is called. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { capabilityDefinitions } from '../../runtime/capabilities/index.ts';
import { type Parameter, shownParameter } from '../../runtime/capabilities/parameters.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { Caller, refusal } from './call.ts';
import { LANGUAGES, Speakers } from './languages.ts';

const test = suite('arguments of operations');

/** Something that a parameter takes, and something that it does not; undefined where it takes everything. */
function samples(parameter: Parameter): { good: Payload; bad: Payload | undefined } {
  switch (parameter.type) {
    case 'any':
      return { good: 1, bad: undefined };
    case 'text':
    case 'content':
    case 'bytes':
      return { good: 'text', bad: 5 };
    case 'boolean':
      return { good: true, bad: 'yes' };
    case 'number':
    case 'nanoseconds':
    case 'seconds':
    case 'moment':
      return { good: 1, bad: true };
    case 'integer':
      return { good: Math.max(1, parameter.least), bad: 1.5 };
    case 'duration':
      return { good: '1ms', bad: true };
    case 'word':
    case 'switch':
      return { good: parameter.words[0], bad: 'no such word' };
    case 'texts':
    case 'list':
      return { good: [], bad: 'text' };
    case 'record':
    case 'fields':
    case 'options':
      return { good: {}, bad: 'text' };
    case 'object':
      return { good: Object.fromEntries(parameter.fields.map(each => [each.name, samples(each).good])), bad: 'text' };
  }
}

for (const definition of capabilityDefinitions.values()) {
  for (const [name, { args }] of Object.entries(definition.operations)) {
    const signature = `${definition.name}.${name}(${args.map(shownParameter).join(', ')})`;
    if (args.length === 0) continue;

    test(`${signature}: what an argument cannot be is INVALID and named`, async () => {
      const good = args.map(parameter => samples(parameter).good);
      for (const [i, parameter] of args.entries()) {
        const { bad } = samples(parameter);
        const call = (value: Payload) => {
          const given = [...good.slice(0, i), value, ...good.slice(i + 1)];
          return refusal(new Caller().call(definition as never, {}, name, ...given));
        };
        if (bad === undefined) continue;
        const refused = await call(bad);
        assert.is(refused.kind, 'INVALID', `${parameter.name}: ${refused.message}`);
        assert.match(refused.message, `${definition.name}.${name}: ${parameter.name} `);
        if (!parameter.optional) assert.match((await call(null)).message, `${parameter.name} `);
        if (parameter.type !== 'options') continue;
        assert.match((await call({ no_such_key: 1 })).message, 'there is no option "no_such_key"');
        for (const field of parameter.fields) {
          const wrong = samples(field).bad;
          if (wrong === undefined) continue;
          assert.match((await call({ [field.name]: wrong })).message, `${definition.name}.${name}: ${field.name} `);
        }
      }
    });

    test(`${signature}: names differ, and nothing that must be given follows what may be left out`, () => {
      assert.is(new Set(args.map(arg => arg.name)).size, args.length);
      const firstOptional = args.findIndex(arg => arg.optional);
      if (firstOptional < 0 || args[0].rest) return;
      const late = args.slice(firstOptional).filter(arg => !arg.optional);
      // `security.evaluate` has an actor in its middle, which may be nobody.
      assert.equal(
        late.map(arg => arg.name),
        name === 'evaluate' ? ['action', 'resource'] : [],
      );
    });
  }
}

test('a wrong call says the same in Lua, TypeScript and WebAssembly', async () => {
  const speakers = await Speakers.start(
    ['json', 'random', 'hash', 'store', 'fs', 'security', 'base64', 'http_client'],
    '{json: , random: , hash: , store: , fs: , security: , base64: , http_client: }',
  );
  try {
    const calls: readonly [string, string, Payload[], string][] = [
      ['fs', 'read_file', [5], 'fs.read_file: path must be a string, got a number'],
      ['fs', 'read_file', [], 'fs.read_file: path must be a string, got nothing'],
      ['fs', 'read_file', ['a', { byte: true }], 'fs.read_file: there is no option "byte"; did you mean "bytes"?'],
      ['fs', 'open', ['a', { gunzip: 'yes' }], 'fs.open: gunzip must be "auto", true or false'],
      ['fs', 'seek', [1, 0, 'middle'], 'fs.seek: from cannot be "middle"; there are: start, current, end'],
      [
        'fs',
        'set_times',
        ['a', { modified: 'soon' }],
        'fs.set_times: modified must be unix seconds or "now", got "soon"',
      ],
      [
        'http_client',
        'request_batch',
        [[{ url: 'http://a/' }, { url: 5 }]],
        'http_client.request_batch: requests[1].url must be a string, got a number',
      ],
      [
        'http_client',
        'request_batch',
        [[{ uri: 'http://a/' }]],
        'http_client.request_batch: requests[0].url must be a string, got nothing',
      ],
      [
        'http_client',
        'request_batch',
        [[{ url: 'http://a/', method: 'GET', body: 'x' }]],
        'http_client.request_batch: there is no option "requests[0].body"; known: method, url, options',
      ],
      [
        'http_client',
        'request_batch',
        [[{ url: 'http://a/', options: { as: 'xml' } }]],
        'http_client.request_batch: requests[0].options.as cannot be "xml"; there are: text, bytes, json',
      ],
      ['json', 'encode', [1, { indent: 11 }], 'json.encode: indent must be between 0 and 10, got 11'],
      ['random', 'integer', [1.5, 2], 'random.integer: least must be a whole number, got 1.5'],
      ['random', 'bytes', [-1], 'random.bytes: count must be between 0 and 1048576, got -1'],
      ['hash', 'sha256', [true], 'hash.sha256: data must be a string or bytes, got a boolean'],
      ['base64', 'encode', ['a', { padding: 'no' }], 'base64.encode: padding must be true or false, got a string'],
      [
        'store',
        'set',
        ['k', 1, 'soon'],
        'store.set: ttl must be a number of seconds, 0 for no end, or a text such as "5m"',
      ],
    ];
    for (const [capability, operation, args, message] of calls) {
      for (const language of LANGUAGES) {
        const outcome = await speakers.call(language, capability, operation, ...args);
        assert.is(outcome.message, message, language);
        assert.is(outcome.kind, 'INVALID', language);
      }
    }
  } finally {
    await speakers.stop();
  }
});

test.run();
