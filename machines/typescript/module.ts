/**
 * A program's module, on its way from a file to something that can be evaluated: bundled and checked once on the main
 * thread (`prepareModule`), compiled once a worker and host (`LoadedModule`).
 */
import { createHash } from 'node:crypto';
import { version } from 'esbuild';
import { TroupeError } from '../../runtime/errors.ts';
import type { Artifact, ImportTable, PrepareTools } from '../../runtime/machine.ts';
import { type Entry, type Source, showPlace } from '../../runtime/registry/entry.ts';
import { findAsynchronous, type TrustedOnly } from './asynchronous.ts';
import { bundle } from './bundle.ts';
import { compileContained } from './contained/compartment.ts';
import { evaluableText } from './contained/evaluable_text.ts';
import { lockDown } from './contained/lockdown.ts';
import { asFactory, type Evaluated, exportsOf } from './factory.ts';
import { findForbidden, importsDynamically } from './forbidden.ts';
import { freezeShared } from './freeze.ts';
import type { Provided, TrustedImport } from './import_guard.ts';
import { withoutState } from './shared_state.ts';
import { Mapper } from './source_map.ts';
import { Stacks } from './stack.ts';
import { parseModule } from './syntax.ts';
import { compileTrusted } from './trusted.ts';
import { NodeModules } from './node_modules.ts';
import type { Provision } from './provision.ts';

/** The part of an artifact that is a module; structured-cloneable. */
export interface ModuleData {
  /** Body of the factory. */
  readonly text: string;
  readonly map: string;
  /** Evaluated once for all processes, because it has no state. */
  readonly stateless: boolean;
  /** What a host that is not trusted refuses it for. */
  readonly trustedOnly: readonly TrustedOnly[];
  /** What it imports of Node. */
  readonly nodeImports: readonly TrustedImport[];
  /** Whether it has an `import()` of a name that is only known at run time. */
  readonly dynamicImports: boolean;
  /** Folder of the deployment. */
  readonly root: string;
}

export interface ModuleRules {
  /** Modules of the host that it may import. */
  readonly provided: Provided;
  /** What the export must be, and the advice that goes with it: `made by defineProcess`. */
  readonly expected: string;
}

/** The export that a method stands for. */
export function exportFor(method: string): string {
  return method === 'main' ? 'default' : method;
}

/** Rejects with every mistake at once, each with its `file:line:column`. */
export async function prepareModule(entry: Entry, tools: PrepareTools, rules: ModuleRules): Promise<Artifact> {
  const source = entry.source!;
  const { text, map, trustedImports } = await bundle(entry, source, tools, rules.provided);
  const program = parseModule(text);
  const mapper = new Mapper(map);
  const start = { file: source.name, line: 1, column: 1 };
  const problems = findForbidden(program, mapper, tools.trusted, start);
  const asynchronous = findAsynchronous(program, mapper, start);
  if (!tools.trusted) problems.push(...asynchronous.map(refuseAsynchronous));
  const found = exportsOf(program).get(exportFor(entry.method));
  if (found === undefined) {
    problems.push(missingExport(entry.method, source, rules.expected));
  } else if (found.plain !== undefined) {
    const place = mapper.original(found.node.loc.start.line, found.node.loc.start.column + 1) ?? start;
    problems.push(wrongExport(entry.method, showPlace(place), found.plain, rules.expected));
  }
  if (problems.length > 0) throw new AggregateError(problems);
  const names = withoutState(program, rules.provided);
  const dynamicImports = importsDynamically(program);
  const trustedOnly = [...trustedImports.map(importForTrusted), ...asynchronous];
  if (dynamicImports) trustedOnly.push({ place: source.name, what: 'loads modules at run time', ...OTHERWISE });
  // A program that is never contained stays as it is.
  const evaluated = trustedOnly.length > 0 ? text : evaluableText(text, mapper, start);
  const data: ModuleData = {
    text: asFactory(evaluated, evaluated === text ? program : parseModule(evaluated), names ?? []),
    map,
    stateless: names !== undefined,
    trustedOnly,
    nodeImports: trustedImports.filter(({ builtin }) => builtin),
    dynamicImports,
    root: tools.root,
  };
  const hash = createHash('sha256');
  for (const part of [entry.kind, version, data.text, map, JSON.stringify(trustedOnly)]) {
    hash.update(`${Buffer.byteLength(part)}:`).update(part);
  }
  return { sha256: hash.digest('hex'), data };
}

const OTHERWISE = { instead: 'use a capability' };

function importForTrusted({ name, importer }: TrustedImport): TrustedOnly {
  return { place: importer, what: `imports "${name}"`, ...OTHERWISE };
}

function refuseAsynchronous({ place, what, instead }: TrustedOnly): TroupeError {
  return new TroupeError(
    `${place}: the program ${what}, which runs only in hosts with \`trusted: true\`, since V8 schedules it and not the runtime: ${instead}`,
    { kind: 'INVALID', retryable: false, place },
  );
}

function missingExport(method: string, source: Source, expected: string): TroupeError {
  const wanted = method === 'main' ? 'a default export' : `an export named "${method}" (the entry's method)`;
  return new TroupeError(`${source.name}:1:1: the module needs ${wanted}, ${expected}`, {
    kind: 'INVALID',
    retryable: false,
    place: `${source.name}:1:1`,
  });
}

function wrongExport(method: string, place: string, plain: string, expected: string): TroupeError {
  const name = method === 'main' ? 'the default export' : `the export "${method}"`;
  return new TroupeError(`${place}: ${name} is ${plain}; it must be ${expected}`, {
    kind: 'INVALID',
    retryable: false,
    place,
  });
}

/** A module in a worker, for one host. */
export class LoadedModule {
  readonly stacks: Stacks;
  /** Whether it sees the language alone, and not Node: its host is not trusted. */
  readonly contained: boolean;
  readonly #name: string;
  readonly #entry: string;
  readonly #expected: string;
  readonly #factory: () => Evaluated;
  readonly #stateless: boolean;
  readonly #movable: boolean;
  #shared: Evaluated['exports'] | undefined = undefined;

  constructor(entry: Entry, data: ModuleData, imports: ImportTable, provision: Provision, expected: string) {
    this.#name = entry.source!.name;
    this.#entry = entry.id;
    this.#expected = expected;
    this.contained = !imports.trusted;
    this.#stateless = data.stateless;
    this.#movable = data.stateless && this.contained;
    const file = `troupe:${entry.id}`;
    this.stacks = new Stacks(file, this.#name, new Mapper(data.map));
    if (this.contained) refuseContained(entry, data, imports);
    try {
      this.#factory = this.contained
        ? compileContained(data.text, file, provision)
        : compileTrusted(data.text, file, provision, new NodeModules(entry, data, imports));
    } catch (thrown) {
      throw this.stacks.errorOf(thrown);
    }
  }

  /** Whether the exports are the same for every process. */
  get stateless(): boolean {
    return this.#stateless;
  }

  /** Whether all that a process of it is can be in the hands of the runtime; ordinary Node code has more. */
  get movable(): boolean {
    return this.#movable;
  }

  /** The exports, for one process; throws what the module throws. */
  evaluate(): Evaluated['exports'] {
    if (this.#shared !== undefined) return this.#shared;
    const { exports, shared } = this.#factory();
    if (!this.#stateless) return exports;
    this.freeze(shared);
    this.#shared = Object.freeze(exports);
    return exports;
  }

  /** Freeze what all processes of it share. */
  freeze(shared: unknown): void {
    if (this.contained) lockDown().harden(shared);
    else freezeShared(shared);
  }

  /** The error for an export that is not what it should be. */
  refuse(method: string): TroupeError {
    return new TroupeError(
      `${this.#name}: the export "${exportFor(method)}" (method "${method}" of ${this.#entry}) is missing or not ${this.#expected}`,
      { kind: 'INVALID', retryable: false, place: this.#name },
    );
  }
}

/** The same artifact serves trusted and other hosts: what only the former may do is refused on the latter. */
function refuseContained(entry: Entry, data: ModuleData, imports: ImportTable): void {
  const first = data.trustedOnly[0];
  if (first === undefined) return;
  throw new TroupeError(
    `${first.place}: ${first.what}, which only hosts with \`trusted: true\` allow, and ${imports.host} is none: ${first.instead}, or run ${entry.id} on another host`,
    { kind: 'PERMISSION_DENIED', retryable: false, place: first.place },
  );
}
