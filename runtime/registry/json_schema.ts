/** The YAML of deployments as JSON Schema (draft 2020-12), for editors and other tools; made from the schemas of the kinds. */
import { z } from 'zod';
import { ID_PART } from './declaration.ts';
import { ENTRY_KINDS } from './entry.ts';
import { KIND_SCHEMAS } from './kinds.ts';
import { Scope, type ScopeOptions } from './scope.ts';
import { settingsSchema } from './settings.ts';

type Json = { [key: string]: unknown };

/**
 * A document that describes three kinds of files: with `entries:`, with a single entry, and `.troupe.yaml` (alone:
 * `#/$defs/settings`). With the names of capabilities, hosts may grant no others.
 */
export function deploymentSchema(options: ScopeOptions = {}): Json {
  const scope = new Scope(new Map(), true, options);
  const defs: Json = {};
  const single: Json[] = [];
  for (const kind of ENTRY_KINDS) {
    const entry = convert(KIND_SCHEMAS[kind](scope));
    restrict(entry, options);
    defs[kind] = entry;
    single.push({
      ...entry,
      properties: { version: VERSION, namespace: PART, ...(entry.properties as Json) },
      required: ['namespace', ...(entry.required as string[])],
    });
  }
  defs.entry = { oneOf: ENTRY_KINDS.map(kind => ({ $ref: `#/$defs/${kind}` })) };
  defs.file = {
    type: 'object',
    properties: { version: VERSION, namespace: PART, entries: { type: 'array', items: { $ref: '#/$defs/entry' } } },
    required: ['namespace', 'entries'],
    additionalProperties: false,
  };
  defs.single = { oneOf: single };
  defs.settings = convert(settingsSchema);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Troupe deployment',
    anyOf: [{ $ref: '#/$defs/file' }, { $ref: '#/$defs/single' }, { $ref: '#/$defs/settings' }],
    $defs: defs,
  };
}

const VERSION: Json = { enum: ['1.0', 1] };
const PART: Json = { type: 'string', pattern: ID_PART.source };

/** What may be written, not what it becomes. */
function convert(schema: z.ZodType): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io: 'input' }) as Json;
  return json;
}

function restrict(entry: Json, options: ScopeOptions): void {
  const properties = entry.properties as Json;
  properties.name = PART;
  const capabilities = properties.capabilities as Json | undefined;
  if (capabilities !== undefined && options.capabilities !== undefined) {
    capabilities.propertyNames = { anyOf: [{ enum: [...options.capabilities] }, { pattern: '^node:' }] };
  }
}
