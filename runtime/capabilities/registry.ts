/**
 * `registry`: the entries of the deployment, to read. What an entry shows is its id, kind, `meta:` and the keys of its
 * kind, as the registry validated them; the source of programs is never shown.
 */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { TroupeError } from '../errors.ts';
import { copyPayload } from '../payload/copy.ts';
import type { Payload } from '../payload/payload.ts';
import type { Entry } from '../registry/entry.ts';
import { didYouMean } from '../registry/suggest.ts';
import { invalid, recordArgument, textArgument } from './arguments.ts';
import type { CallContext, CapabilityDefinition } from './capability.ts';
import { compileRegexp, testRegexp } from './regexp.ts';

const settings = z.strictObject({});

export const registryCapability: CapabilityDefinition<z.infer<typeof settings>> = {
  name: 'registry',
  summary: "The deployment's entries, to read",
  settings,
  grantedByDefault: true,
  operations: {
    get: {
      summary: 'An entry by id: {id, kind, meta, data}; NOT_FOUND',
      args: ['id'],
      action: 'registry.get',
      mode: 'sync',
      run: (context, _settings, args) => {
        const id = textArgument(args[0], 'registry.get', 'id');
        const full = id.includes(':') ? id : `${context.id.split(':')[0]}:${id}`;
        const entry = context.entries?.get(full);
        if (entry === undefined) throw notFound(full, context);
        return shown(entry);
      },
    },
    find: {
      summary: 'The entries for which all of a filter holds, sorted by id: kind, ns, name, id, meta.<key>',
      args: ['filter?'],
      action: 'registry.get',
      mode: 'sync',
      run: (context, _settings, args) => {
        const tests = readFilter(args[0]);
        const found = [...(context.entries?.values() ?? [])].filter(entry => tests.every(test => passes(entry, test)));
        return found.sort((a, b) => (a.id < b.id ? -1 : 1)).map(shown);
      },
    },
    parse_id: {
      summary: 'The parts of an id: {ns, name}; ns is empty where there is none',
      args: ['id'],
      mode: 'sync',
      run: (_context, _settings, args) => {
        const id = textArgument(args[0], 'registry.parse_id', 'id');
        const colon = id.indexOf(':');
        return { ns: colon < 0 ? '' : id.slice(0, colon), name: id.slice(colon + 1) };
      },
    },
  },
};

type Comparison = 'equals' | 'contains' | 'begins' | 'ends' | 'matches';

interface FilterTest {
  /** `kind`, or `meta` and the keys below it. */
  readonly path: readonly string[];
  readonly comparison: Comparison;
  readonly wanted: Payload;
}

const FIELDS = ['kind', 'ns', 'name', 'id'] as const;

/** In front of a key. */
const COMPARISONS: { readonly [sign: string]: Comparison } = {
  '*': 'contains',
  '^': 'begins',
  $: 'ends',
  '~': 'matches',
};

/** `{kind = "process.lua", ["meta.type"] = "test", ["^name"] = "api"}`; fields of entries may have a dot in front. */
function readFilter(value: Payload): FilterTest[] {
  const tests: FilterTest[] = [];
  for (const [key, wanted] of Object.entries(recordArgument(value, 'registry.find', 'filter'))) {
    const comparison = COMPARISONS[key[0]] ?? 'equals';
    const field = comparison === 'equals' ? key : key.slice(1);
    const path = fieldPath(field, key);
    if (path.length === 1 && path[0] === 'meta') {
      for (const [inner, item] of Object.entries(recordArgument(wanted, 'registry.find', 'meta'))) {
        tests.push({ path: ['meta', inner], comparison, wanted: item });
      }
      continue;
    }
    if ((comparison !== 'equals' || path[0] !== 'meta') && typeof wanted !== 'string') {
      throw invalid('registry.find', `the filter "${key}" must be a text`);
    }
    // Also where no entry is looked at, a pattern must be one.
    if (comparison === 'matches') compileRegexp(wanted as string, 'registry.find');
    tests.push({ path, comparison, wanted });
  }
  return tests;
}

function fieldPath(field: string, key: string): string[] {
  const plain = field.startsWith('.') ? field.slice(1) : field;
  if (plain === 'meta' || plain.startsWith('meta.')) return plain.split('.');
  if ((FIELDS as readonly string[]).includes(plain)) return [plain];
  const known = '; a filter has kind, ns, name, id and meta.<key>, with *, ^, $ or ~ in front';
  throw invalid('registry.find', `there is no filter "${key}"${didYouMean(plain, FIELDS, known)}`);
}

function passes(entry: Entry, { path, comparison, wanted }: FilterTest): boolean {
  const value = fieldOf(entry, path);
  if (comparison === 'equals') return isDeepStrictEqual(value, wanted);
  const part = wanted as string;
  if (Array.isArray(value)) return comparison === 'contains' && value.includes(part);
  if (typeof value !== 'string') return false;
  if (comparison === 'contains') return value.includes(part);
  if (comparison === 'matches') return testRegexp(part, value, 'registry.find');
  return comparison === 'begins' ? value.startsWith(part) : value.endsWith(part);
}

function fieldOf(entry: Entry, path: readonly string[]): unknown {
  switch (path[0]) {
    case 'kind':
      return entry.kind;
    case 'ns':
      return entry.namespace;
    case 'name':
      return entry.name;
    case 'id':
      return entry.id;
  }
  let value: unknown = entry.meta;
  for (let i = 1; i < path.length; i++) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, path[i])) return undefined;
    value = (value as { [key: string]: unknown })[path[i]];
  }
  return value;
}

function shown(entry: Entry): Payload {
  // A `registry.entry` is its `data:`, it has no other keys.
  const data = entry.kind === 'registry.entry' ? entry.data.data : entry.data;
  return copyPayload({ id: entry.id, kind: entry.kind, meta: entry.meta, data }, entry.id);
}

function notFound(id: string, context: CallContext): TroupeError {
  const hint = didYouMean(id, context.entries?.keys() ?? []);
  return new TroupeError(`registry.get: there is no entry "${id}"${hint}`, { kind: 'NOT_FOUND', retryable: false });
}
