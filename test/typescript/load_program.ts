/** A program in TypeScript, or a machine, without a deployment. */
import { tmpdir } from 'node:os';
import { typescriptMachine } from '../../machines/typescript/typescript_machine.ts';
import { xstateMachine } from '../../machines/xstate/xstate_machine.ts';
import type { Artifact, Entry, ImportTable, Program } from '../../runtime/machine.ts';
import { importTable } from '../bare_process.ts';

const place = { file: 'app.yaml', line: 1, column: 1 };

type Kind = 'process.ts' | 'process.xstate';

export interface Prepared {
  readonly entry: Entry;
  readonly artifact: Artifact;
}

export async function prepareSource(kind: Kind, text: string): Promise<Prepared> {
  const source = { bytes: new TextEncoder().encode(text), path: undefined, name: 'main.ts', place, sha256: text };
  const more = { meta: {}, place, source, method: 'main', wants: [], libraries: {}, data: {} };
  const entry: Entry = { id: 'app:main', namespace: 'app', name: 'main', kind, ...more };
  const tools = { entry: () => undefined, root: tmpdir(), trusted: false };
  return { entry, artifact: await typeOf(kind).prepare(entry, tools) };
}

export function loadPrepared({ entry, artifact }: Prepared, limits: Partial<ImportTable> = {}): Program {
  return typeOf(entry.kind).load(entry, artifact, importTable(limits));
}

export async function loadSource(kind: Kind, text: string, limits: Partial<ImportTable> = {}): Promise<Program> {
  return loadPrepared(await prepareSource(kind, text), limits);
}

function typeOf(kind: string) {
  return kind === 'process.xstate' ? xstateMachine : typescriptMachine;
}
