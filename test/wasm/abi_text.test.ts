/** `abi.wat`, the ABI as one module: it lists what the table and the README have, no more and no less, and it runs. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  ENV_CALLS,
  LOG_CALLS,
  OPERATION_CALL,
  PROCESS_CALLS,
  START_OPERATION_CALL,
  TIME_CALLS,
} from '../../machines/wasm/abi/calls.ts';
import type { CallSignature } from '../../machines/wasm/abi/signature.ts';
import { ABI_VERSION } from '../../machines/wasm/abi/codes.ts';
import { moduleAbi } from '../../machines/wasm/abi/version.ts';
import { decodeModule } from '../../machines/wasm/binary/decode.ts';
import { describeModule } from '../../machines/wasm/binary/inspect.ts';
import { HANDLER_EXPORTS } from '../../machines/wasm/instance/handlers.ts';
import { run, start, wat } from './start.ts';

const test = suite('wasm abi text');

const folder = new URL('../../../machines/wasm/', import.meta.url);
const text = readFileSync(new URL('abi/abi.wat', folder), 'utf8');
const readme = readFileSync(new URL('README.md', folder), 'utf8');
const module = wat(text);
const described = describeModule(module);

/** `module name (types) -> results`, one line each, sorted. */
function listed(module: string, calls: { readonly [name: string]: CallSignature }): string[] {
  return Object.entries(calls).map(([name, { params, results }]) => `${module} ${name} (${params}) -> ${results}`);
}

test('it imports every function of the table with its type, and nothing else', () => {
  const table = [
    ...listed('troupe:process', PROCESS_CALLS),
    ...listed('troupe:time', TIME_CALLS),
    ...listed('troupe:log', LOG_CALLS),
    ...listed('env', ENV_CALLS),
    ...listed('troupe:json', { encode: OPERATION_CALL, start_encode: START_OPERATION_CALL }),
  ];
  const imported = described.imports.map(
    ({ module: from, name, type }) => `${from} ${name} (${type!.params}) -> ${type!.results}`,
  );
  assert.equal(imported.sort(), table.sort());
});

test('it exports what the host looks for', () => {
  assert.equal(
    described.exports.map(({ name, kind }) => `${kind} ${name}`).sort(),
    ['memory memory', 'global troupe_abi', 'function _initialize', 'function troupe_alloc', 'function on_start']
      .concat(HANDLER_EXPORTS.map(name => `function ${name}`))
      .sort(),
  );
  assert.is(moduleAbi(decodeModule(module)), ABI_VERSION);
});

test('the README has its functions with the same parameters, and its exports', () => {
  const documented = new Map<string, string>();
  for (const [, name, params] of readme.matchAll(/`([a-z_]+)\(([^`]*)\)(?: -> \w+)?`/g)) {
    documented.set(name, params.replaceAll(/: \w+/g, ''));
  }
  for (const [, from, name, rest] of text.matchAll(/\(import "([^"]+)" "([^"]+)" \(func \$\w+([\s\S]*?)\)\)\n/g)) {
    if (from === 'troupe:json') continue;
    const params = [...rest.matchAll(/\(param \$(\w+)/g)].map(([, param]) => param).join(', ');
    // The four of the log are one line.
    assert.is(documented.get(from === 'troupe:log' ? 'debug' : name), params, `${from} ${name}`);
    assert.match(readme, `\`${from}\``);
    assert.match(readme, new RegExp(`\`${name}[(\`]`));
  }
  for (const { name } of described.exports) assert.match(readme, new RegExp(`\`${name}[:\`]`));
});

test('a host that grants everything runs it', async () => {
  const runtime = await start(
    ['{name: abi, kind: process.wasm, source: file://abi.wasm, imports: [time, logger, random, json]}'],
    { 'abi.wasm': module },
  );
  try {
    const messages = [{ topic: 'first', payloads: [{ all: ['of', 'it', 1.5] }] }];
    assert.equal(await run(runtime, 'abi', [1, 2], { messages }), { all: ['of', 'it', 1.5] });
  } finally {
    await runtime.stop();
  }
});

test.run();
