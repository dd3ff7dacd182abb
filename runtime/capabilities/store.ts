/** `store`: values by key that outlive a process, in the runtime's memory. What it keeps is described in `runtime/store.ts`. */
import { z } from 'zod';
import { dataOf } from '../registry/kinds.ts';
import { always, count, size, text as writtenText } from '../registry/schema.ts';
import type { StoreLimits } from '../store.ts';
import { type CallContext, type CapabilityDefinition, type Guarded, operation } from './capability.ts';
import { fullId } from './full_id.ts';
import { any, optional, seconds, text } from './parameters.ts';
import { servicesOf } from './services.ts';

const settings = always(
  z.strictObject({
    /** Hosts with the same namespace share their keys; different ones never meet. */
    namespace: writtenText().default('default'),
    /** Id of a `store.memory`, which is a namespace with a number of keys of its own. */
    store: writtenText().optional(),
    /** Keys that the namespace may hold. */
    max_keys: count(1).default(100_000),
    /** Bytes that its keys and values may take together. */
    max_bytes: size().prefault('256MiB'),
    /** Bytes that one value may take. */
    max_value_bytes: size().optional(),
  }),
  ({ store, namespace }, report) => {
    if (store === undefined || namespace === 'default') return;
    report(['store'], 'a store is a namespace of its own; keep one of namespace and store', { at: 'key' });
  },
);
type StoreSettings = z.infer<typeof settings>;

export const storeCapability: CapabilityDefinition<StoreSettings> = {
  name: 'store',
  summary: 'Values by key, shared by the processes of a runtime, in memory',
  settings,
  references: ({ store }) => (store === undefined ? [] : [{ path: ['store'], id: store, kinds: ['store.memory'] }]),
  grantedByDefault: true,
  operations: {
    get: operation({
      summary: 'The value of a key, or nothing',
      args: [text('key')],
      action: 'store.get',
      guards: (context, granted: StoreSettings, [key]) => guarded('store.get', context, granted, key),
      mode: 'async',
      run: async (context, granted: StoreSettings, [key]) =>
        await servicesOf(context).store.get(spaceOf(context, granted).namespace, key),
    }),
    has: operation({
      summary: 'Whether there is a value under a key',
      args: [text('key')],
      action: 'store.get',
      guards: (context, granted: StoreSettings, [key]) => guarded('store.get', context, granted, key),
      mode: 'async',
      run: async (context, granted: StoreSettings, [key]) =>
        await servicesOf(context).store.has(spaceOf(context, granted).namespace, key),
    }),
    set: operation({
      summary: 'Keep a value under a key; with ttl (seconds, or a text such as "5m") only so long',
      args: [text('key'), any('value'), optional(seconds('ttl'), 0)],
      action: 'store.set',
      guards: (context, granted: StoreSettings, [key]) => guarded('store.set', context, granted, key),
      mode: 'async',
      run: async (context, granted: StoreSettings, [key, value, milliseconds]) => {
        const { namespace, limits } = spaceOf(context, granted);
        await servicesOf(context).store.set(namespace, key, value ?? null, limits, milliseconds);
        return true;
      },
    }),
    delete: operation({
      summary: 'Forget a key; answers whether there was one',
      args: [text('key')],
      action: 'store.delete',
      guards: (context, granted: StoreSettings, [key]) => guarded('store.delete', context, granted, key),
      mode: 'async',
      run: async (context, granted: StoreSettings, [key]) =>
        await servicesOf(context).store.delete(spaceOf(context, granted).namespace, key),
    }),
    list: operation({
      summary: 'The keys that begin with a prefix (default: all), sorted',
      args: [optional(text('prefix'), '')],
      action: 'store.list',
      guards: (context, granted: StoreSettings, [prefix]) => guarded('store.list', context, granted, prefix),
      mode: 'async',
      run: async (context, granted: StoreSettings, [prefix]) =>
        await servicesOf(context).store.list(spaceOf(context, granted).namespace, prefix),
    }),
  },
};

/** Conditions of policies see the namespace, because the same key is another one in another. */
function guarded(action: string, context: CallContext, granted: StoreSettings, resource: string): Guarded[] {
  return [{ action, resource, meta: { namespace: spaceOf(context, granted).namespace } }];
}

interface Space {
  readonly namespace: string;
  readonly limits: StoreLimits;
}

const known = new WeakMap<StoreSettings, Space>();

/** Settings belong to one host of one runtime, so this is worked out once. */
function spaceOf(context: CallContext, granted: StoreSettings): Space {
  let space = known.get(granted);
  if (space === undefined) {
    const { max_bytes = Number.POSITIVE_INFINITY, max_value_bytes = Number.POSITIVE_INFINITY } = granted;
    const id = granted.store === undefined ? undefined : fullId(granted.store, context.host);
    const entry = id === undefined ? undefined : context.entries?.get(id);
    const memory = entry && dataOf(entry, 'store.memory');
    const max_keys = memory?.max_size ?? granted.max_keys;
    space = {
      namespace: id ?? granted.namespace,
      limits: {
        max_keys,
        max_bytes,
        max_value_bytes,
        sweep_every: memory?.cleanup_interval ?? Number.POSITIVE_INFINITY,
      },
    };
    known.set(granted, space);
  }
  return space;
}
