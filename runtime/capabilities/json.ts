/** `json`: JSON text and back. Integers beyond 2^53 lose digits when decoded, as in any JSON reader of JavaScript. */
import { z } from 'zod';
import type { Payload } from '../payload/payload.ts';
import { invalid } from './arguments.ts';
import { type CapabilityDefinition, operation } from './capability.ts';
import { checkSchema } from './json_schema.ts';
import { encodeJson } from './json_text.ts';
import { any, integer, optional, options, text } from './parameters.ts';

const settings = z.strictObject({});

export const jsonCapability: CapabilityDefinition<z.infer<typeof settings>> = {
  name: 'json',
  summary: 'Encode, decode and validate JSON',
  settings,
  grantedByDefault: true,
  operations: {
    encode: operation({
      summary: 'JSON text of a value; options: indent (spaces, 0 to 10)',
      args: [any('value'), options(optional(integer('indent', 0, 10), 0))],
      mode: 'sync',
      run: (_context, _settings, [value, { indent }]) => encodeJson(value, 'json.encode', 'value', indent),
    }),
    decode: operation({
      summary: 'The value of a JSON text',
      args: [text('text')],
      mode: 'sync',
      run: (_context, _settings, [json]) => decode(json, 'json.decode'),
    }),
    validate: operation({
      summary: 'True where the value matches the JSON Schema (an object or JSON text), else INVALID with its places',
      args: [any('schema'), any('value')],
      mode: 'sync',
      run: (_context, _settings, [schema, value]) => {
        const json = encodeJson(value, 'json.validate', 'value');
        return checkSchema('json.validate', schema, json, JSON.parse(json) as unknown);
      },
    }),
    validate_string: operation({
      summary: 'The same for the value of a JSON text',
      args: [any('schema'), text('text')],
      mode: 'sync',
      run: (_context, _settings, [schema, json]) =>
        checkSchema('json.validate_string', schema, json, decode(json, 'json.validate_string')),
    }),
  },
};

function decode(json: string, operation: string): Payload {
  try {
    return JSON.parse(json) as Payload;
  } catch (thrown) {
    throw invalid(operation, (thrown as Error).message);
  }
}
