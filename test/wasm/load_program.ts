/** A WebAssembly program without a deployment. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wasmMachine } from '../../machines/wasm/wasm_machine.ts';
import type { Artifact, Entry, ImportTable, Program } from '../../runtime/machine.ts';
import { importTable } from '../bare_process.ts';

// Compiled AssemblyScript is kept between runs, but not where the user's own is.
process.env.XDG_CACHE_HOME ??= join(tmpdir(), 'troupe-test-cache');

const place = { file: 'app.yaml', line: 1, column: 1 };

/** `source`: a module, or AssemblyScript. */
export function wasmEntry(source: Uint8Array | string, more: Partial<Entry> = {}): Entry {
  const written = typeof source === 'string';
  return {
    id: 'app:m',
    namespace: 'app',
    name: 'm',
    kind: 'process.wasm',
    meta: {},
    place,
    source: {
      bytes: written ? new TextEncoder().encode(source) : source,
      path: undefined,
      name: written ? 'm.ts' : 'm.wasm',
      place,
      sha256: written ? source : '',
    },
    method: 'main',
    wants: [],
    libraries: {},
    data: written ? { language: 'assemblyscript' } : {},
    ...more,
  };
}

export function prepareWasm(entry: Entry): Promise<Artifact> {
  return wasmMachine.prepare(entry, { entry: () => undefined, root: tmpdir(), trusted: false });
}

/** Linked for a host with these limits and nothing else. */
export function loadWasm(entry: Entry, artifact: Artifact, limits: Partial<ImportTable> = {}): Program {
  return wasmMachine.load(entry, artifact, importTable(limits));
}
