/** JSON text of a payload, for the capabilities that write it. */
import { TroupeError } from '../errors.ts';
import { binaryOf, type Payload } from '../payload/payload.ts';
import { invalid } from './arguments.ts';

/** As deep as a payload may nest. */
const DEEPEST = 200;

/**
 * An error becomes `{message, kind, retryable, details}`, a 64-bit integer its digits. Throws INVALID, naming
 * `operation` and the place below `path`, for bytes and for numbers that are not finite. `indent`: spaces a level.
 */
export function encodeJson(value: Payload, operation: string, path: string, indent = 0): string {
  return encode(value, operation, ' '.repeat(indent), '\n', path, 0);
}

/** `break_` is the line break with the indentation reached so far; without `step` nothing is broken. */
function encode(value: Payload, operation: string, step: string, break_: string, path: string, depth: number): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'number':
      if (!Number.isFinite(value)) throw invalid(operation, `${path} is ${value}, which JSON cannot hold`);
      return JSON.stringify(value);
    case 'object':
      break;
    default:
      return 'null';
  }
  if (value === null) return 'null';
  if (depth > DEEPEST) throw invalid(operation, `${path} is nested deeper than ${DEEPEST}`);
  if (binaryOf(value) !== undefined) {
    throw invalid(operation, `${path} is bytes, which JSON cannot hold; encode them as text first`);
  }
  const inner = break_ + step;
  const parts: string[] = [];
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      parts.push(encode(value[i], operation, step, inner, `${path}[${i}]`, depth + 1));
    }
    return bracket('[', parts, ']', step, break_);
  }
  const fields = value instanceof TroupeError ? errorFields(value) : (value as { [key: string]: Payload });
  const colon = step === '' ? ':' : ': ';
  for (const key of Object.keys(fields)) {
    if (fields[key] === undefined) continue;
    parts.push(JSON.stringify(key) + colon + encode(fields[key], operation, step, inner, `${path}.${key}`, depth + 1));
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
