/** `json`: JSON text and back. Integers beyond 2^53 lose digits when decoded, as in any JSON reader of JavaScript. */
import { z } from 'zod';
import type { Payload } from '../payload/payload.ts';
import { integerArgument, invalid, optionsArgument, textArgument } from './arguments.ts';
import type { CapabilityDefinition } from './capability.ts';
import { checkSchema } from './json_schema.ts';
import { encodeJson } from './json_text.ts';

const settings = z.strictObject({});

export const jsonCapability: CapabilityDefinition<z.infer<typeof settings>> = {
  name: 'json',
  summary: 'Encode, decode and validate JSON',
  settings,
  grantedByDefault: true,
  operations: {
    encode: {
      summary: 'JSON text of a value; options: indent (spaces, 0 to 10)',
      args: ['value', 'options?'],
      mode: 'sync',
      run: (_context, _settings, args) => {
        const { indent } = optionsArgument(args[1], 'json.encode', ['indent']);
        const spaces = indent === undefined ? 0 : integerArgument(indent, 'json.encode', 'indent', 0, 10);
        return encodeJson(args[0], 'json.encode', 'value', spaces);
      },
    },
    decode: {
      summary: 'The value of a JSON text',
      args: ['text'],
      mode: 'sync',
      run: (_context, _settings, args) => decode(args[0], 'json.decode', 'text'),
    },
    validate: {
      summary: 'True where the value matches the JSON Schema (an object or JSON text), else INVALID with its places',
      args: ['schema', 'value'],
      mode: 'sync',
      run: (_context, _settings, args) => {
        const text = encodeJson(args[1], 'json.validate', 'value');
        return checkSchema('json.validate', args[0], text, JSON.parse(text) as unknown);
      },
    },
    validate_string: {
      summary: 'The same for the value of a JSON text',
      args: ['schema', 'text'],
      mode: 'sync',
      run: (_context, _settings, args) => {
        const value = decode(args[1], 'json.validate_string', 'text');
        return checkSchema('json.validate_string', args[0], args[1] as string, value);
      },
    },
  },
};

function decode(value: Payload, operation: string, name: string): Payload {
  const text = textArgument(value, operation, name);
  try {
    return JSON.parse(text) as Payload;
  } catch (thrown) {
    throw invalid(operation, (thrown as Error).message);
  }
}
