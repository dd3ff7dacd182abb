/** What a host writes under the name of a capability that it grants. */
import type { ZodObject, ZodType, z } from 'zod';
import type { CapabilityDefinition } from './capability.ts';
import { rateSchema } from './rates.ts';

/** A capability's own settings with what all have. */
export interface Grant {
  readonly rate?: z.output<typeof rateSchema>;
}

const schemas = new WeakMap<CapabilityDefinition, ZodType<Grant>>();

/** The capability's own settings, and `rate` where it has operations that can be counted. */
export function grantSchema(definition: CapabilityDefinition): ZodType<Grant> {
  let schema = schemas.get(definition);
  if (schema === undefined) {
    const own = definition.settings as unknown as ZodObject;
    const isCounted = Object.keys(definition.operations).length > 0;
    schema = (isCounted ? own.safeExtend({ rate: rateSchema.optional() }) : own) as ZodType<Grant>;
    schemas.set(definition, schema);
  }
  return schema;
}
