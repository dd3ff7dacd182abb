/** `env`: the environment variables that the host names, and no others. */
import { z } from 'zod';
import { TroupeError } from '../errors.ts';
import { textArgument } from './arguments.ts';
import type { CapabilityDefinition } from './capability.ts';
import { servicesOf } from './services.ts';

const settings = z.strictObject({
  /** Variables that programs may read. */
  names: z.array(z.string()).default([]),
});

export const envCapability: CapabilityDefinition<z.infer<typeof settings>> = {
  name: 'env',
  summary: 'Environment variables that the host names',
  settings,
  grantedByDefault: false,
  operations: {
    get: {
      summary: 'The value of a variable, or nothing where it is not set',
      args: ['name'],
      action: 'env.get',
      mode: 'sync',
      run: (context, { names }, args) => {
        const name = textArgument(args[0], 'env.get', 'name');
        if (!names.includes(name)) {
          throw new TroupeError(
            `env.get: ${context.host} does not allow "${name}"; add it under capabilities: {env: {names: [...]}} of that host`,
            { kind: 'PERMISSION_DENIED', retryable: false },
          );
        }
        const { environment } = servicesOf(context);
        return Object.hasOwn(environment, name) ? (environment[name] ?? null) : null;
      },
    },
    get_all: {
      summary: 'All variables that the host names and that are set, by name',
      args: [],
      action: 'env.get',
      mode: 'sync',
      run: (context, { names }) => {
        const { environment } = servicesOf(context);
        const found: { [name: string]: string } = {};
        for (const name of names) {
          const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
          if (value !== undefined) found[name] = value;
        }
        return found;
      },
    },
  },
};
