/** The keys of a schema as rows of a document: dotted key, type in words, default. */
import { z } from 'zod';

export type Json = { readonly [key: string]: any };

export interface Key {
  readonly key: string;
  readonly type: string;
  /** `required`, `-` for none, otherwise the value as YAML. */
  readonly otherwise: string;
}

/** What may be written, as JSON Schema. */
export function schemaOf(schema: z.ZodType): Json {
  return z.toJSONSchema(schema, { io: 'input' }) as Json;
}

/** Keys of an object, nested ones with their path; `whole` are not looked into. */
export function keysOf(schema: Json, whole: readonly string[] = [], path = ''): Key[] {
  const found: Key[] = [];
  for (const [name, value] of Object.entries((schema.properties ?? {}) as { [name: string]: Json })) {
    const key = path + name;
    if (hasKeys(value) && !whole.includes(key)) {
      found.push(...keysOf(value, whole, `${key}.`));
      continue;
    }
    const required = (schema.required ?? []).includes(name);
    found.push({ key, type: typeOf(value), otherwise: required ? 'required' : defaultOf(value) });
    for (const item of itemsOf(value)) found.push(...keysOf(item, whole, `${key}[].`));
  }
  return found;
}

function hasKeys(schema: Json): boolean {
  return Object.keys(schema.properties ?? {}).length > 0;
}

/** The forms with keys of a list's items. */
function itemsOf({ items }: Json): Json[] {
  return [items, ...(items?.anyOf ?? [])].filter(item => item !== undefined && hasKeys(item));
}

function defaultOf(schema: Json): string {
  if (schema.default === undefined) return '-';
  return typeof schema.default === 'string' ? `\`${schema.default}\`` : `\`${JSON.stringify(schema.default)}\``;
}

/** In the words of the documents. */
export function typeOf(schema: Json): string {
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum !== undefined) return schema.enum.map((value: unknown) => `\`${value}\``).join(' ');
  if (schema.description !== undefined) return referenceTo(schema.description);
  if (schema.examples?.includes('16MiB')) return 'size';
  if (schema.examples?.includes('5ms')) return 'duration';
  if (schema.pattern?.startsWith('^sha256')) return '`sha256:` and 64 hex digits';
  if (schema.anyOf !== undefined) {
    const parts = new Set(schema.anyOf.map(typeOf));
    return parts.has('size') ? 'size' : [...parts].join(' or ');
  }
  switch (schema.type) {
    case 'array':
      return Object.keys(schema.items ?? {}).length === 0 ? 'list' : `list: ${typeOf(schema.items)}`;
    case 'object':
      return schema.propertyNames !== undefined ? `map: ${typeOf(schema.additionalProperties)}` : 'map';
    case 'integer':
      return `whole number, ${schema.minimum ?? schema.exclusiveMinimum + 1} or more`;
    case 'number':
      return bounds(schema);
    case 'boolean':
      return '`true` `false`';
    case 'string':
      return 'text';
    case 'null':
      return 'nothing';
    default:
      return 'anything';
  }
}

const REFERENCES: { readonly [kinds: string]: string } = {
  'process.lua, process.ts, process.xstate, process.wasm': 'id of a process',
  'process.lua, process.ts, process.xstate, process.wasm, process.service, process.supervisor':
    'id of a process, service or supervisor',
  'process.host, terminal.host': 'id of a host',
  'security.policy, security.policy.expr': 'id of a policy',
  'library.lua': 'id of a library',
};

function referenceTo(description: string): string {
  return REFERENCES[description.replace('id of an entry of kind ', '')] ?? description;
}

function bounds({ minimum, maximum }: Json): string {
  if (minimum !== undefined && maximum !== undefined) return `number, ${minimum} to ${maximum}`;
  return minimum === undefined ? 'number' : `number, ${minimum} or more`;
}
