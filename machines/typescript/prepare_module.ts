/**
 * A program's module, from a file to something that can be evaluated: bundled and checked once, on the main thread. Loaded
 * when the first one is prepared: bundler and parser are no business of threads that only run programs.
 */
import { createHash } from 'node:crypto';
import { version } from 'esbuild';
import { TroupeError } from '../../runtime/errors.ts';
import type { Artifact, PrepareTools } from '../../runtime/machine.ts';
import { type Entry, type Source, showPlace } from '../../runtime/registry/entry.ts';
import { findAsynchronous, type TrustedOnly } from './asynchronous.ts';
import { bundle } from './bundle.ts';
import { evaluableText } from './contained/evaluable_text.ts';
import { asFactory, exportsOf } from './factory.ts';
import { findForbidden, importsDynamically } from './forbidden.ts';
import type { Provided, TrustedImport } from './import_guard.ts';
import { exportFor, type ModuleData } from './module.ts';
import { withoutState } from './shared_state.ts';
import { Mapper } from './source_map.ts';
import { parseModule } from './syntax.ts';

export interface ModuleRules {
  /** Modules of the host that it may import. */
  readonly provided: Provided;
  /** What the export must be, and the advice that goes with it: `made by defineProcess`. */
  readonly expected: string;
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
