/** `store`: values by key that outlive a process, in the runtime's memory. What it keeps is described in `runtime/store.ts`. */
import { z } from 'zod';
import { parseDuration } from '../duration.ts';
import type { Payload } from '../payload/payload.ts';
import { invalid, numberArgument, optionalText, textArgument } from './arguments.ts';
import type { CapabilityDefinition } from './capability.ts';
import { servicesOf } from './services.ts';

const settings = z.strictObject({
  /** Hosts with the same namespace share their keys; different ones never meet. */
  namespace: z.string().min(1).default('default'),
  /** Keys that the namespace may hold. */
  max_keys: z.number().int().positive().default(100_000),
});

export const storeCapability: CapabilityDefinition<z.infer<typeof settings>> = {
  name: 'store',
  summary: 'Values by key, shared by the processes of a runtime, in memory',
  settings,
  grantedByDefault: true,
  operations: {
    get: {
      summary: 'The value of a key, or nothing',
      args: ['key'],
      action: 'store.get',
      mode: 'async',
      run: async (context, { namespace }, args) =>
        await servicesOf(context).store.get(namespace, textArgument(args[0], 'store.get', 'key')),
    },
    has: {
      summary: 'Whether there is a value under a key',
      args: ['key'],
      action: 'store.get',
      mode: 'async',
      run: async (context, { namespace }, args) =>
        await servicesOf(context).store.has(namespace, textArgument(args[0], 'store.has', 'key')),
    },
    set: {
      summary: 'Keep a value under a key; with ttl (seconds, or a text such as "5m") only so long',
      args: ['key', 'value', 'ttl?'],
      action: 'store.set',
      mode: 'async',
      run: async (context, { namespace, max_keys }, args) => {
        const key = textArgument(args[0], 'store.set', 'key');
        await servicesOf(context).store.set(namespace, key, args[1] ?? null, max_keys, timeToLive(args[2]));
        return true;
      },
    },
    delete: {
      summary: 'Forget a key; answers whether there was one',
      args: ['key'],
      action: 'store.delete',
      mode: 'async',
      run: async (context, { namespace }, args) =>
        await servicesOf(context).store.delete(namespace, textArgument(args[0], 'store.delete', 'key')),
    },
    list: {
      summary: 'The keys that begin with a prefix (default: all), sorted',
      args: ['prefix?'],
      action: 'store.list',
      mode: 'async',
      run: async (context, { namespace }, args) =>
        await servicesOf(context).store.list(namespace, optionalText(args[0], 'store.list', 'prefix') ?? ''),
    },
  },
};

/** In milliseconds; 0: for ever. */
function timeToLive(value: Payload): number {
  if (value === undefined || value === null) return 0;
  const milliseconds =
    typeof value === 'string' ? parseDuration(value) : numberArgument(value, 'store.set', 'ttl') * 1e3;
  if (milliseconds === undefined || milliseconds < 0) {
    throw invalid('store.set', 'ttl must be a number of seconds, 0 for no end, or a text such as "5m"');
  }
  return milliseconds;
}
