/** The SDK for Rust: its imports are the ABI, and programs do with it what all can do. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LOG_CALLS, PROCESS_CALLS, TIME_CALLS } from '../../machines/wasm/abi/calls.ts';
import { showSignature } from '../../machines/wasm/abi/signature.ts';
import { failure } from '../wasm/start.ts';
import { REPOSITORY } from './prebuilt.ts';
import { prebuiltPrograms, rebuiltPrograms } from './prebuilt_programs.ts';
import { scenarios } from './scenarios.ts';
import { checkSnippets } from './snippets.ts';

const test = suite('sdk rust imports');

function wasmType(declared: string): string {
  const type = declared.split(':').pop()!.trim();
  return type === 'usize' || type.startsWith('*') ? 'i32' : type;
}

test('the crate declares every call of the table with its types', () => {
  const imports = readFileSync(join(REPOSITORY, 'sdk/rust/src/imports.rs'), 'utf8');
  const tables = { process: PROCESS_CALLS, time: TIME_CALLS, log: LOG_CALLS };
  const blocks = [...imports.matchAll(/wasm_import_module = "troupe:(\w+)"\)\]\s+extern "C" \{([^}]*)\}/g)];
  assert.equal(
    blocks.map(([, module]) => module),
    Object.keys(tables),
  );
  for (const [, module, body] of blocks) {
    const declared = [...body.matchAll(/pub fn (\w+)\(([^)]*)\)(?: -> (\w+))?;/g)].map(([, name, params, result]) => {
      const list = params === '' ? [] : params.split(',').map(wasmType);
      return [name, showSignature(list, result === undefined ? [] : [result])];
    });
    const calls = Object.entries(tables[module as keyof typeof tables]);
    assert.equal(
      declared.sort(),
      calls.map(([name, { params, results }]) => [name, showSignature(params, results)]).sort(),
    );
  }
});

checkSnippets(test, 'rust', ['README.md', 'sdk/rust/README.md'], [['rust', ['-C', 'opt-level=0', '-C', 'lto=off']]]);

test.run();

const builds = [
  ['sdk rust', prebuiltPrograms('rust')],
  ['sdk rust, compiled here', rebuiltPrograms('rust', 'rust')],
] as const;

for (const [name, programs] of builds) {
  if (programs === undefined) continue;
  const { test, scenario } = scenarios(name, programs);
  test('out of memory can be noticed', async () => {
    const error = await failure(scenario('hoarding'));
    assert.match(error.message, 'out of memory');
  });
  test('a panic ends the process with its message and place', async () => {
    const error = await failure(scenario('panicking'));
    assert.equal([error.kind, error.message], ['INTERNAL', 'there is nothing']);
    assert.match(String(error.place), /scenarios\.rs:\d+:\d+$/);
  });
  test.run();
}
