/**
 * `registry`: the entries of the deployment, to read, and to change where the host says so. What an entry shows is its id,
 * kind, `meta:` and the keys of its kind, as the registry validated them; the source of programs is never shown.
 */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { TroupeError } from '../errors.ts';
import { type Author, type Change, MOST_CHANGES, type VersionRow, type WriteGrant } from '../live/change.ts';
import { withNames } from '../live/definition_names.ts';
import { notGranted } from '../live/write_grant.ts';
import { copyPayload } from '../payload/copy.ts';
import type { Payload } from '../payload/payload.ts';
import type { Entry } from '../registry/entry.ts';
import { text as writtenText } from '../registry/schema.ts';
import { didYouMean } from '../registry/suggest.ts';
import { actorIn } from '../security/identity.ts';
import { invalid, recordArgument, textArgument } from './arguments.ts';
import { type CallContext, type CapabilityDefinition, type Guarded, operation } from './capability.ts';
import { fullId } from './full_id.ts';
import { integer, list, optional, options, record, text } from './parameters.ts';
import { compileRegexp, testRegexp } from './regexp.ts';
import { servicesOf } from './services.ts';

const APPLY_OPTIONS = [optional(integer('if_version', 0)), optional(text('note'))] as const;

const settings = z.strictObject({
  /** Ids, or globs of ids, that programs may set and remove; `true`: all of them. */
  write: z.union([z.boolean(), z.array(writtenText())]).default(false),
  /** Whether what they set may name files of the deployment, by `file://` and by imports. */
  files: z.boolean().default(false),
});
type Settings = z.infer<typeof settings>;

export const registryCapability: CapabilityDefinition<Settings> = {
  name: 'registry',
  summary: "The deployment's entries, to read, and to change where the host allows it",
  settings,
  grantedByDefault: true,
  operations: {
    get: operation({
      summary: 'An entry by id: {id, kind, meta, data}; NOT_FOUND',
      args: [text('id')],
      action: 'registry.get',
      guards: (context, _settings, [id]) => [{ action: 'registry.get', resource: fullId(id, context.id) }],
      mode: 'sync',
      run: (context, _settings, [id]) => {
        const full = fullId(id, context.id);
        const entry = context.entries?.get(full);
        if (entry === undefined) throw notFound(full, context);
        return shown(entry);
      },
    }),
    find: operation({
      summary: 'The entries for which all of a filter holds, sorted by id: kind, ns, name, id, meta.<key>',
      args: [optional(record('filter'), {})],
      // What may not be read is not among what is found.
      action: 'registry.get',
      guards: () => [],
      mode: 'sync',
      run: (context, _settings, [filter]) => {
        const tests = readFilter(filter);
        const found = [...(context.entries?.values() ?? [])].filter(
          entry => tests.every(test => passes(entry, test)) && isVisible(context, entry.id),
        );
        return found.sort((a, b) => (a.id < b.id ? -1 : 1)).map(shown);
      },
    }),
    parse_id: operation({
      summary: 'The parts of an id: {ns, name}; ns is empty where there is none',
      args: [text('id')],
      mode: 'sync',
      run: (_context, _settings, [id]) => {
        const colon = id.indexOf(':');
        return { ns: colon < 0 ? '' : id.slice(0, colon), name: id.slice(colon + 1) };
      },
    }),
    apply: operation({
      summary:
        'Change entries, all or none: a list of {set: definition} and {remove: id}; answers {version, added, changed, removed, unchanged}',
      args: [list('changes', record('change'), MOST_CHANGES), options(...APPLY_OPTIONS)],
      action: 'registry.set',
      guards: (context, _settings, [changes]) => readChanges(changes, context).map(guardOf),
      mode: 'async',
      run: async (context, granted: Settings, [changes, { if_version, note }]) => {
        const within = grantOf(context, granted, 'apply');
        const asked = { changes: readChanges(changes, context), if_version, note, by: authorOf(context), within };
        return await servicesOf(context).registry.applyChanges(asked as unknown as Payload);
      },
    }),
    undo: operation({
      summary: 'Bring back the version before, or that of a number; answers as apply does',
      args: [optional(integer('version', 0)), options(...APPLY_OPTIONS)],
      action: 'registry.undo',
      guards: (_context, _settings, [version]) => [
        { action: 'registry.undo', resource: version === undefined ? 'last' : String(version) },
      ],
      mode: 'async',
      run: async (context, granted: Settings, [version, { if_version, note }]) => {
        const within = grantOf(context, granted, 'undo');
        const asked = { version, if_version, note, by: authorOf(context), within };
        return await servicesOf(context).registry.undoChanges(asked as unknown as Payload);
      },
    }),
    history: operation({
      summary: 'What has changed, the newest first: {version, at, by, note, undone_to, changes: {id, what, keys}}',
      args: [],
      action: 'registry.get',
      // Entries that may not be read are not among what has changed.
      guards: () => [],
      mode: 'async',
      run: async (context, granted: Settings) => {
        grantOf(context, granted, 'history');
        const rows = (await servicesOf(context).registry.pastVersions()) as unknown as readonly VersionRow[];
        return rows.map(row => ({
          ...row,
          changes: row.changes.filter(({ id }) => isVisible(context, id)),
        })) as unknown as Payload;
      },
    }),
    version: operation({
      summary: 'The version of the deployment, which each change makes larger',
      args: [],
      mode: 'async',
      run: async (context, granted: Settings) => {
        grantOf(context, granted, 'version');
        return await servicesOf(context).registry.presentVersion();
      },
    }),
  },
};

/** Throws INVALID for what is neither to set nor to remove. */
function readChanges(changes: readonly { readonly [key: string]: Payload }[], context: CallContext): Change[] {
  return changes.map((change, i) => {
    const keys = Object.keys(change).filter(key => change[key] !== undefined);
    if (keys.length === 1 && keys[0] === 'set') return { set: qualified(change.set, i, context) };
    if (keys.length === 1 && keys[0] === 'remove') {
      return { remove: fullId(textArgument(change.remove, 'registry.apply', `changes[${i}].remove`), context.id) };
    }
    throw invalid('registry.apply', `changes[${i}] must be {set: definition} or {remove: id}`);
  });
}

/** With its full id, by which policies and the grant judge it. */
function qualified(definition: Payload, index: number, { id: caller }: CallContext): Payload {
  const name = `changes[${index}].set`;
  const given = recordArgument(definition, 'registry.apply', name);
  const names = withNames(given, caller.slice(0, caller.indexOf(':')));
  if (typeof names.namespace === 'string' && typeof names.name === 'string') return names;
  throw invalid('registry.apply', `${name} needs a name: a text, with or without a namespace`);
}

function guardOf(change: Change): Guarded {
  if ('remove' in change) return { action: 'registry.remove', resource: change.remove };
  const { namespace, name, kind } = change.set as { readonly [key: string]: Payload };
  const meta = { kind: typeof kind === 'string' ? kind : null };
  return { action: 'registry.set', resource: `${namespace}:${name}`, meta };
}

/** Throws PERMISSION_DENIED where the host grants nothing to change. */
function grantOf(context: CallContext, { write, files }: Settings, operation: string): WriteGrant {
  const { host } = context;
  if (write !== false) return { host, write, files };
  const place = context.entries?.get(host)?.place;
  const text = 'does not allow to change entries; say write: [ids] or write: true';
  throw notGranted(`registry.${operation}`, host, place, text);
}

function authorOf({ pid, id, values = {} }: CallContext): Author {
  const actor = actorIn(values);
  return { what: 'process', pid, entry: id, ...(actor === undefined ? {} : { actor: actor.id }) };
}

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
function readFilter(filter: { readonly [key: string]: Payload }): FilterTest[] {
  const tests: FilterTest[] = [];
  for (const [key, wanted] of Object.entries(filter)) {
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

function isVisible(context: CallContext, id: string): boolean {
  return context.allows?.('registry.get', id, undefined, true) === undefined;
}

/** What may not be read is not named either. */
function notFound(id: string, context: CallContext): TroupeError {
  const visible = [...(context.entries?.keys() ?? [])].filter(each => isVisible(context, each));
  const hint = didYouMean(id, visible);
  return new TroupeError(`registry.get: there is no entry "${id}"${hint}`, { kind: 'NOT_FOUND', retryable: false });
}
