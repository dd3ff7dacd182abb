/** The SDK for C: its header is the ABI, and programs do with it what all can do. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LOG_CALLS, PROCESS_CALLS, TIME_CALLS } from '../../machines/wasm/abi/calls.ts';
import { showSignature } from '../../machines/wasm/abi/signature.ts';
import { ABI_VERSION, errorCode, RECORD_HEADER, RecordKind, Sources } from '../../machines/wasm/abi/codes.ts';
import { ERROR_KINDS } from '../../runtime/errors.ts';
import { writeDeployment } from '../deploy.ts';
import { failure, run, start } from '../wasm/start.ts';
import { compile, missing, REPOSITORY } from './prebuilt.ts';
import { prebuiltPrograms, rebuiltPrograms } from './prebuilt_programs.ts';
import { scenarios } from './scenarios.ts';
import { checkSnippets } from './snippets.ts';

const header = readFileSync(join(REPOSITORY, 'sdk/c/troupe_abi.h'), 'utf8');
const types: { readonly [type: string]: string } = { int32_t: 'i32', uint32_t: 'i32', int64_t: 'i64', double: 'f64' };
const test = suite('sdk c header');

/** The type in WebAssembly of a parameter or result as C writes it. */
function wasmType(declared: string): string {
  return declared.includes('*') ? 'i32' : (types[declared.trim().split(' ')[0]] ?? `no type: ${declared}`);
}

test('the header declares every call of the table with its types', () => {
  const declared = new Map<string, string>();
  const declaration = /TROUPE_IMPORT\("([^"]+)", "(\w+)"\)\s+(?:__attribute__\(\(noreturn\)\) )?(\w+) \w+\(([^)]*)\);/g;
  for (const [, module, name, result, params] of header.matchAll(declaration)) {
    const list = params === 'void' ? [] : params.split(',').map(wasmType);
    declared.set(`${module} ${name}`, showSignature(list, result === 'void' ? [] : [wasmType(result)]));
  }
  const calls: [string, string, string][] = Object.entries({
    process: PROCESS_CALLS,
    time: TIME_CALLS,
    log: LOG_CALLS,
  }).flatMap(([module, table]) =>
    Object.entries(table).map(([name, { params, results }]): [string, string, string] => [
      `troupe:${module}`,
      name,
      showSignature(params, results),
    ]),
  );
  for (const [module, name, signature] of calls) assert.is(declared.get(`${module} ${name}`), signature, name);
  assert.is(declared.size, calls.length);
});

test('the header has the codes of the ABI', () => {
  const constants = [
    ...ERROR_KINDS.map(kind => [kind, errorCode(kind)]),
    ...Object.entries(RecordKind),
    ...Object.entries(Sources),
  ];
  for (const [name, value] of constants) assert.match(header, new RegExp(`\\bTROUPE_${name} = ${value}\\b`));
  assert.match(header, `#define TROUPE_RECORD_HEADER ${RECORD_HEADER}`);
  assert.match(header, `#define TROUPE_ABI_VERSION ${ABI_VERSION}`);
});

checkSnippets(
  test,
  'c',
  ['README.md', 'sdk/c/README.md'],
  [
    ['c', []],
    ['wasi', []],
    ['c', ['-x', 'c++', '-std=c++17', '-Wno-missing-field-initializers', '-fno-exceptions']],
  ],
);

const reason = missing('c');
if (reason === undefined) {
  test('a program of several files has one room for what comes in, and one allocator', async () => {
    const folder = writeDeployment({
      'first.c': `#include "troupe.h"
        extern int64_t next(void);
        TROUPE_EXPORT("main") void sum(void) {
          troupe_buffer total = {0};
          troupe_put_list(&total, 300);
          for (int i = 0; i < 300; i++) troupe_put_int(&total, next());
          troupe_exit(troupe_packed(&total));
        }\n`,
      'second.c': `#include "troupe.h"
        extern int64_t next(void);
        int64_t next(void) { return troupe_to_int(troupe_receive().payload); }\n`,
    });
    const output = join(folder, 'both.wasm');
    compile({ source: join(folder, 'first.c'), toolchain: 'c', flags: [join(folder, 'second.c')] }, output);
    const runtime = await start(['{name: both, kind: process.wasm, source: file://both.wasm}'], {
      'both.wasm': readFileSync(output),
    });
    const numbers = Array.from({ length: 300 }, (_, index) => index * 1000);
    const messages = numbers.map(n => ({ topic: 'n', payloads: [n] }));
    assert.equal(await run(runtime, 'both', [], { messages }), numbers);
    await runtime.stop();
  });
} else {
  console.log(`skip: a program of several files in C: ${reason}`);
}

test.run();

const builds = [
  ['sdk c', prebuiltPrograms('c')],
  ['sdk c, compiled here', rebuiltPrograms('c', 'c')],
  ['sdk c, compiled here with wasi-libc', rebuiltPrograms('c', 'wasi')],
] as const;

for (const [name, programs] of builds) {
  if (programs === undefined) continue;
  const { test, scenario } = scenarios(name, programs);
  test('out of memory is an error that says so', async () => {
    const error = await failure(scenario('hoarding'));
    assert.match(error.message, 'out of memory');
  });
  test.run();
}
