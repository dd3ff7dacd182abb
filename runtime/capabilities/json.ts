/** `json`: JSON text and back. Integers beyond 2^53 lose digits when decoded, as in any JSON reader of JavaScript. */
import { z } from 'zod';
import { TroupeError } from '../errors.ts';
import type { Payload } from '../payload/payload.ts';
import { integerArgument, invalid, optionsArgument, textArgument } from './arguments.ts';
import type { CapabilityDefinition } from './capability.ts';

const settings = z.strictObject({});

/** As deep as a payload may nest. */
const DEEPEST = 200;

export const jsonCapability: CapabilityDefinition<z.infer<typeof settings>> = {
  name: 'json',
  summary: 'Encode and decode JSON',
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
        return encode(args[0], ' '.repeat(spaces), '\n', 'value', 0);
      },
    },
    decode: {
      summary: 'The value of a JSON text',
      args: ['text'],
      mode: 'sync',
      run: (_context, _settings, args) => {
        const text = textArgument(args[0], 'json.decode', 'text');
        try {
          return JSON.parse(text) as Payload;
        } catch (thrown) {
          throw invalid('json.decode', (thrown as Error).message);
        }
      },
    },
  },
};

/**
 * `break_` is the line break with the indentation reached so far; without `step` nothing is broken. An error becomes
 * `{message, kind, retryable, details}`, a 64-bit integer its digits.
 */
function encode(value: Payload, step: string, break_: string, path: string, depth: number): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'number':
      if (!Number.isFinite(value)) throw invalid('json.encode', `${path} is ${value}, which JSON cannot hold`);
      return JSON.stringify(value);
    case 'object':
      break;
    default:
      return 'null';
  }
  if (value === null) return 'null';
  if (depth > DEEPEST) throw invalid('json.encode', `${path} is nested deeper than ${DEEPEST}`);
  if (value instanceof Uint8Array) {
    throw invalid('json.encode', `${path} is bytes, which JSON cannot hold; encode them as text first`);
  }
  const inner = break_ + step;
  const parts: string[] = [];
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) parts.push(encode(value[i], step, inner, `${path}[${i}]`, depth + 1));
    return bracket('[', parts, ']', step, break_);
  }
  const fields = value instanceof TroupeError ? errorFields(value) : (value as { [key: string]: Payload });
  const colon = step === '' ? ':' : ': ';
  for (const key of Object.keys(fields)) {
    if (fields[key] === undefined) continue;
    parts.push(JSON.stringify(key) + colon + encode(fields[key], step, inner, `${path}.${key}`, depth + 1));
  }
  return bracket('{', parts, '}', step, break_);
}

function bracket(open: string, parts: readonly string[], close: string, step: string, break_: string): string {
  if (parts.length === 0) return open + close;
  if (step === '') return open + parts.join(',') + close;
  return open + break_ + step + parts.join(`,${break_}${step}`) + break_ + close;
}

function errorFields(error: TroupeError): { [key: string]: Payload } {
  return {
    message: error.message,
    kind: error.kind,
    retryable: error.retryable,
    details: error.details as Payload,
  };
}
