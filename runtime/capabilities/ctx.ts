/** `ctx`: the values that a process inherited from whoever started it (semantics section 2). */
import { z } from 'zod';
import { TroupeError } from '../errors.ts';
import { copyPayload } from '../payload/copy.ts';
import { isReservedKey, withoutIdentity } from '../security/identity.ts';
import { type CapabilityDefinition, operation } from './capability.ts';
import { text } from './parameters.ts';

export const ctxCapability: CapabilityDefinition<Record<string, never>> = {
  name: 'ctx',
  summary: 'Values inherited through spawns and calls',
  settings: z.strictObject({}),
  grantedByDefault: true,
  operations: {
    get: operation({
      summary: 'The value under a key; NOT_FOUND where there is none.',
      args: [text('key')],
      mode: 'sync',
      run(context, _settings, [key]) {
        const values = context.values ?? {};
        if (isReservedKey(key) || !Object.hasOwn(values, key)) {
          throw new TroupeError(`context has no value "${key}"`, { kind: 'NOT_FOUND', retryable: false });
        }
        return copyPayload(values[key]) ?? null;
      },
    }),
    all: {
      summary: 'All values, by key.',
      args: [],
      mode: 'sync',
      run: context => copyPayload(withoutIdentity(context.values ?? {})),
    },
  },
};
