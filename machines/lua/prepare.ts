/** Reads a Lua entry and its libraries, checks their syntax and what they ask for. Runs nothing. */
import { createHash } from 'node:crypto';
import { TroupeError } from '../../runtime/errors.ts';
import type { Artifact, Entry, PrepareTools } from '../../runtime/machine.ts';
import { showPlace } from '../../runtime/registry/entry.ts';
import type { Bundle, BundledUnit } from './bundle.ts';
import { compileUnit } from './compile.ts';
import type { Engine } from './engine.ts';

/** Part of the hash: raise it when the bundle changes its meaning. */
const BUNDLE_VERSION = 1;

/** Rejects with every problem found: one TroupeError, or an AggregateError of several. */
export async function prepareLua(engine: Engine, entry: Entry, tools: PrepareTools): Promise<Artifact> {
  const problems: TroupeError[] = [];
  const units: BundledUnit[] = [];
  const names = new Set<string>();
  const modules = entry.wants.map(want => want.name);
  const visit = (one: Entry, way: readonly string[]): void => {
    if (way.includes(one.id)) {
      const first = way.indexOf(one.id);
      const circle = [...way.slice(first), one.id].join(' -> ');
      problems.push(problem(one, `libraries import each other in a circle: ${circle}`));
      return;
    }
    if (units.some(unit => unit.id === one.id)) return;
    const unit = bundleUnit(one, names);
    if (unit instanceof TroupeError) {
      problems.push(unit);
      return;
    }
    units.push(unit);
    try {
      compileUnit(engine, unit);
    } catch (thrown) {
      problems.push(thrown as TroupeError);
    }
    for (const want of one.wants) {
      if (modules.includes(want.name)) continue;
      problems.push(
        new TroupeError(
          `library ${one.id} needs module "${want.name}": add "${want.name}" to "modules:" of ${entry.id} (${showPlace(entry.place)})`,
          { kind: 'INVALID', retryable: false, place: showPlace(want.place) },
        ),
      );
    }
    for (const [alias, id] of Object.entries(one.libraries)) {
      const library = tools.entry(id);
      if (library === undefined) problems.push(problem(one, `import "${alias}": entry "${id}" not found`));
      else if (library.kind !== 'library.lua') {
        problems.push(problem(one, `import "${alias}": ${id} is a ${library.kind}, not a library.lua`));
      } else visit(library, [...way, one.id]);
    }
  };
  visit(entry, []);
  if (problems.length === 1) throw problems[0];
  if (problems.length > 1) throw new AggregateError(problems, `${problems.length} problems in ${entry.id}`);
  const bundle: Bundle = { units, modules };
  const sha256 = createHash('sha256')
    .update(JSON.stringify([BUNDLE_VERSION, bundle]))
    .digest('hex');
  return { sha256, data: bundle };
}

function problem(entry: Entry, message: string): TroupeError {
  return new TroupeError(message, { kind: 'INVALID', retryable: false, place: showPlace(entry.place) });
}

function bundleUnit(entry: Entry, names: Set<string>): BundledUnit | TroupeError {
  const { source } = entry;
  if (source === undefined) return problem(entry, `${entry.id} has no source`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(source.bytes);
  } catch {
    return new TroupeError(`${source.name} is not UTF-8 text`, {
      kind: 'INVALID',
      retryable: false,
      place: `${source.name}:1:1`,
    });
  }
  // A file may begin with `#!/usr/bin/env lua`; the line stays, so that all others keep their numbers.
  if (text.startsWith('#')) text = `--${text}`;
  // Two entries may share a file; then only the first is named by it, because `require` tells chunks by their names.
  const name = names.has(source.name) ? entry.id : source.name;
  names.add(name);
  return {
    id: entry.id,
    chunkName: source.path === undefined ? `=${name}` : `@${name}`,
    text,
    aliases: { ...entry.libraries },
    place: showPlace(entry.place),
  };
}
