/**
 * Binaries that lie in the repository, because a machine that only has Node.js cannot make them: from which sources they
 * are, how they are compiled, and whether they still belong to these sources. `build.ts` makes them anew.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TOOLCHAIN_ENV } from '../toolchain_env.ts';

/** `c`: without a C library, `wasi`: with wasi-libc, `rust`: for wasm32-unknown-unknown. */
export type Toolchain = 'c' | 'wasi' | 'rust';

export interface Prebuilt {
  /** Paths in the repository. */
  readonly wasm: string;
  readonly source: string;
  readonly toolchain: Toolchain;
  /** For the compiler, besides the usual. */
  readonly flags?: readonly string[];
  /** Made without the SDK: its files are not what the binary is from. */
  readonly bare?: true;
}

/** Without names, which are half of a small program. */
const STRIPPED = ['-C', 'strip=symbols'];

export const PREBUILT: readonly Prebuilt[] = [
  {
    wasm: 'test/sdk/programs/scenarios_c.wasm',
    source: 'test/sdk/programs/scenarios.c',
    toolchain: 'c',
    // One scenario takes all the memory that there is.
    flags: ['-Wl,--max-memory=33554432'],
  },
  { wasm: 'test/sdk/programs/handlers_c.wasm', source: 'test/sdk/programs/handlers.c', toolchain: 'c' },
  {
    wasm: 'test/sdk/programs/scenarios_rust.wasm',
    source: 'test/sdk/programs/scenarios.rs',
    toolchain: 'rust',
    flags: ['-C', 'link-arg=--max-memory=33554432'],
  },
  { wasm: 'test/sdk/programs/handlers_rust.wasm', source: 'test/sdk/programs/handlers.rs', toolchain: 'rust' },
  { wasm: 'test/conformance/agents/agent_c.wasm', source: 'test/conformance/agents/agent.c', toolchain: 'c' },
  { wasm: 'examples/wasm-c/ledger.wasm', source: 'examples/wasm-c/ledger.c', toolchain: 'c' },
  { wasm: 'examples/wasm-c/teller.wasm', source: 'examples/wasm-c/teller.c', toolchain: 'c' },
  { wasm: 'examples/wasm-rust/words.wasm', source: 'examples/wasm-rust/words.rs', toolchain: 'rust' },
  { wasm: 'examples/wasm-rust/counter.wasm', source: 'examples/wasm-rust/counter.rs', toolchain: 'rust' },
  {
    wasm: 'test/wasm/programs/library.wasm',
    source: 'test/wasm/programs/library.c',
    toolchain: 'wasi',
    flags: ['-O2', '-Wl,--export=malloc'],
    bare: true,
  },
  {
    wasm: 'test/wasm/programs/interpreter.wasm',
    source: 'test/wasm/programs/interpreter.c',
    toolchain: 'wasi',
    flags: ['-O0'],
    bare: true,
  },
  {
    wasm: 'test/wasm/programs/numbers.wasm',
    source: 'test/wasm/programs/numbers.c',
    toolchain: 'wasi',
    flags: ['-O2'],
    bare: true,
  },
  {
    wasm: 'test/wasm/programs/numbers_simd.wasm',
    source: 'test/wasm/programs/numbers.c',
    toolchain: 'wasi',
    flags: ['-O3', '-msimd128'],
    bare: true,
  },
  {
    wasm: 'test/wasm/programs/collections.wasm',
    source: 'test/wasm/programs/collections.rs',
    toolchain: 'rust',
    flags: STRIPPED,
    bare: true,
  },
  {
    wasm: 'test/wasm/programs/objects.wasm',
    source: 'test/wasm/programs/objects.rs',
    toolchain: 'rust',
    flags: STRIPPED,
    bare: true,
  },
];

/** The repository's folder, from wherever the compiled tests lie. */
export const REPOSITORY = (() => {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
  }
})();

const RECORD = join(REPOSITORY, 'test/sdk/prebuilt.json');

/** Hashes of a binary and of what it was made from. */
export interface Origin {
  readonly wasm: string;
  readonly inputs: { readonly [path: string]: string };
}

export function readRecord(): { readonly [wasm: string]: Origin } {
  return JSON.parse(readFileSync(RECORD, 'utf8'));
}

export function writeRecord(): void {
  const record = Object.fromEntries(PREBUILT.map(one => [one.wasm, originOf(one)]));
  writeFileSync(RECORD, `${JSON.stringify(record, undefined, 2)}\n`);
}

/** What the files say now. */
export function originOf(one: Prebuilt): Origin {
  const inputs = [one.source, ...(one.bare ? [] : sdkFiles(one.toolchain))].sort();
  return { wasm: hashOf(one.wasm), inputs: Object.fromEntries(inputs.map(path => [path, hashOf(path)])) };
}

function hashOf(path: string): string {
  const file = join(REPOSITORY, path);
  return existsSync(file) ? createHash('sha256').update(readFileSync(file)).digest('hex') : 'missing';
}

function sdkFiles(toolchain: Toolchain): string[] {
  const folder = toolchain === 'rust' ? 'sdk/rust/src' : 'sdk/c';
  return readdirSync(join(REPOSITORY, folder))
    .filter(file => /\.(h|rs)$/.test(file))
    .map(file => `${folder}/${file}`);
}

/** Why a toolchain cannot be used here; undefined where it can. */
export function missing(toolchain: Toolchain): string | undefined {
  const probe = mkdtempSync(join(tmpdir(), 'troupe-toolchain-'));
  try {
    const source = join(probe, toolchain === 'rust' ? 'probe.rs' : 'probe.c');
    const text = {
      c: 'int answer(void) { return 42; }',
      wasi: '#include <stdlib.h>\nvoid *room(void) { return malloc(1); }',
      rust: '#[no_mangle] pub extern "C" fn answer() -> usize { vec![42].len() }',
    };
    writeFileSync(source, `${text[toolchain]}\n`);
    if (toolchain === 'rust') run(RUSTC, [...RUST_FLAGS, ...RUST_PROGRAM, '-o', join(probe, 'probe.wasm'), source]);
    else run('clang', [...clangFlags(toolchain), '-o', join(probe, 'probe.wasm'), source]);
    return undefined;
  } catch (thrown) {
    const lines = String((thrown as Error).message).split('\n');
    return lines.find(line => line.includes('error')) ?? lines[0];
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}

const RUSTC = process.env.RUSTC ?? 'rustc';
const RUST_FLAGS = ['--target', 'wasm32-unknown-unknown', '--edition', '2018', '-C', 'opt-level=s', '-D', 'warnings'];
const RUST_PROGRAM = ['--crate-type', 'cdylib', '-C', 'lto', '-C', 'panic=abort', '-C', 'strip=debuginfo'];

function clangFlags(toolchain: Toolchain): string[] {
  const target =
    toolchain === 'wasi'
      ? ['--target=wasm32-wasi', '-mexec-model=reactor', '-Wl,--strip-debug']
      : ['--target=wasm32', '-nostdlib', '-Wl,--no-entry'];
  return [...target, '-std=c99', '-Os', '-Wall', '-Wextra', '-Wpedantic', '-Werror', '-Isdk/c'];
}

/** Compile a source to `output`. Throws with what the compiler says. */
export function compile(one: Omit<Prebuilt, 'wasm'>, output: string): void {
  const flags = one.flags ?? [];
  if (one.toolchain !== 'rust') {
    run('clang', [...clangFlags(one.toolchain), ...flags, one.source, '-o', output]);
    return;
  }
  const sdk = one.bare ? [] : ['--extern', `troupe=${rustLibrary()}`];
  run(RUSTC, [...RUST_FLAGS, ...RUST_PROGRAM, ...flags, ...sdk, '-o', output, one.source]);
}

let library: string | undefined;

/** The SDK for Rust, compiled once a run. */
function rustLibrary(): string {
  if (library !== undefined) return library;
  const folder = mkdtempSync(join(tmpdir(), 'troupe-rust-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  library = join(folder, 'libtroupe.rlib');
  run(RUSTC, [...RUST_FLAGS, '--crate-type', 'rlib', '--crate-name', 'troupe', '-o', library, 'sdk/rust/src/lib.rs']);
  return library;
}

function run(program: string, args: readonly string[]): void {
  execFileSync(program, args, { cwd: REPOSITORY, env: TOOLCHAIN_ENV, stdio: ['ignore', 'ignore', 'pipe'] });
}
