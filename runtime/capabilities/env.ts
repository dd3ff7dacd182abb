/** `env`: the environment variables that the host names, and no others. */
import { z } from 'zod';
import { TroupeError } from '../errors.ts';
import { dataOf } from '../registry/kinds.ts';
import { always, text as writtenText } from '../registry/schema.ts';
import { type CallContext, type CapabilityDefinition, operation } from './capability.ts';
import { fullId } from './full_id.ts';
import { text } from './parameters.ts';
import { servicesOf } from './services.ts';

const settings = z.strictObject({
  /** Variables that programs may read; one that ends with `*` stands for all that begin so. */
  names: always(z.array(writtenText()).default([]), (names, report) => {
    (names as readonly (string | undefined)[]).forEach((name, i) => {
      if (name === undefined || !name.slice(0, -1).includes('*')) return;
      report([i], `"${name}": a star stands for the rest of a name, so it can only be the last character`);
    });
  }),
  /** Ids of `env.variable` entries, which programs read by these ids. */
  variables: z.array(writtenText()).default([]),
});
type EnvSettings = z.infer<typeof settings>;

export const envCapability: CapabilityDefinition<EnvSettings> = {
  name: 'env',
  summary: 'Environment variables that the host names',
  settings,
  references: ({ variables }) =>
    variables.map((id, i) => ({ path: ['variables', i], id, kinds: ['env.variable'] as const })),
  grantedByDefault: false,
  operations: {
    get: operation({
      summary: 'The value of a variable, or nothing where it is not set; an id is that of an env.variable',
      args: [text('name')],
      action: 'env.get',
      mode: 'sync',
      run: (context, granted: EnvSettings, [name]) => {
        if (granted.names.some(written => isMeant(name, written))) return environmentValue(context, name) ?? null;
        if (granted.variables.some(id => fullId(id, context.host) === name)) return valueById(context, name);
        const line = name.includes(':') ? 'variables' : 'names';
        throw new TroupeError(
          `env.get: ${context.host} does not allow "${name}"; add it under capabilities: {env: {${line}: [...]}} of that host`,
          { kind: 'PERMISSION_DENIED', retryable: false },
        );
      },
    }),
    get_all: operation({
      summary: 'All variables that the host names and that are set, by name',
      args: [],
      action: 'env.get',
      // What may not be read is left out.
      guards: () => [],
      mode: 'sync',
      run: (context, { names }: EnvSettings) => {
        const found: { [name: string]: string } = {};
        for (const name of Object.keys(servicesOf(context).environment)) {
          if (!names.some(written => isMeant(name, written))) continue;
          if (context.allows?.('env.get', name, undefined, true) !== undefined) continue;
          const value = environmentValue(context, name);
          if (value !== undefined) found[name] = value;
        }
        return found;
      },
    }),
  },
};

function isMeant(name: string, written: string): boolean {
  return written.endsWith('*') ? name.startsWith(written.slice(0, -1)) : name === written;
}

function environmentValue(context: CallContext, name: string): string | undefined {
  const { environment } = servicesOf(context);
  return Object.hasOwn(environment, name) ? environment[name] : undefined;
}

/** By what its entry says. */
function valueById(context: CallContext, id: string): string | null {
  const entry = context.entries?.get(id);
  const data = entry && dataOf(entry, 'env.variable');
  if (data === undefined) throw new TroupeError(`env.get: there is no env.variable "${id}"`, { kind: 'NOT_FOUND' });
  return environmentValue(context, data.variable) ?? data.default ?? null;
}
