/**
 * Values against JSON Schema (drafts 4, 6, 7, 2019-09 and 2020-12; 2020-12 where the schema does not say).
 *
 * A schema may come from anywhere, and its patterns are backtracking regular expressions: a few characters can keep one
 * busy for years. So a schema that could run away is checked under a time limit, and all are bounded in size. References
 * lead to the schema itself, never out of the process.
 */
import { type OutputUnit, type Schema, type SchemaDraft, Validator } from '@cfworker/json-schema';
import { TroupeError } from '../errors.ts';
import type { Payload } from '../payload/payload.ts';
import { invalid } from './arguments.ts';
import { encodeJson } from './json_text.ts';
import { LONGEST_WORK, tookTooLong, withinLimit } from './time_limit.ts';

/** Characters. */
const LONGEST_SCHEMA = 1024 * 1024;
const LONGEST_VALUE = 16 * 1024 * 1024;
/** Faults that the error's details list. */
const MOST_FAULTS = 20;
/** Schemas given as text are kept ready; those that were not used for longest are forgotten. */
const MOST_KEPT = 64;

/** Keywords by which a small schema and a small value can cost a lot: patterns, formats, recursion, comparing all pairs. */
const COSTLY = /"(pattern|patternProperties|format|uniqueItems|\$ref|\$dynamicRef|\$recursiveRef)"\s*:/;

interface Ready {
  readonly validator: Validator;
  readonly costly: boolean;
}

const kept = new Map<string, Ready>();

/**
 * True, or throws INVALID: where the schema is none, where the value does not match it (`details.errors` lists
 * `{at, keyword, message}`, `at` being a JSON pointer such as `#/items/0`), and where the check takes too long.
 */
export function checkSchema(operation: string, schema: Payload, text: string, value: unknown): true {
  if (text.length > LONGEST_VALUE) throw invalid(operation, `the value is longer than ${LONGEST_VALUE} characters`);
  const { validator, costly } = readSchema(operation, schema);
  let result: { readonly valid: boolean; readonly errors: readonly OutputUnit[] };
  try {
    result = costly ? withinLimit(() => validator.validate(value)) : validator.validate(value);
  } catch (thrown) {
    throw invalid(operation, `the schema cannot be used: ${reasonOf(thrown)}`);
  }
  if (result.valid) return true;
  throw mismatch(operation, result.errors);
}

function readSchema(operation: string, schema: Payload): Ready {
  const text = typeof schema === 'string' ? schema : encodeJson(schema, operation, 'schema');
  const known = kept.get(text);
  if (known !== undefined) {
    kept.delete(text);
    kept.set(text, known);
    return known;
  }
  if (text.length > LONGEST_SCHEMA) throw invalid(operation, `the schema is longer than ${LONGEST_SCHEMA} characters`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (thrown) {
    throw invalid(operation, `the schema is not JSON: ${(thrown as Error).message}`);
  }
  // An empty Lua table arrives as an empty list: the schema that everything matches.
  if (Array.isArray(parsed) && parsed.length === 0) parsed = {};
  if (typeof parsed !== 'boolean' && (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))) {
    throw invalid(operation, 'the schema must be an object, such as {"type": "object"}');
  }
  const ready = { validator: makeValidator(operation, parsed), costly: COSTLY.test(text) };
  kept.set(text, ready);
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value as string);
  return ready;
}

function makeValidator(operation: string, schema: object | boolean): Validator {
  try {
    return new Validator(schema as Schema | boolean, draftOf(schema), false);
  } catch (thrown) {
    throw invalid(operation, `the schema cannot be used: ${reasonOf(thrown)}`);
  }
}

function draftOf(schema: object | boolean): SchemaDraft {
  const named = typeof schema === 'object' ? (schema as Schema).$schema : undefined;
  const draft = typeof named === 'string' ? /draft-0?([467])|(2019-09)/.exec(named) : null;
  if (draft === null) return '2020-12';
  return draft[2] === '2019-09' ? '2019-09' : draft[1] === '4' ? '4' : '7';
}

function reasonOf(thrown: unknown): string {
  if (tookTooLong(thrown)) {
    return `checking took longer than ${LONGEST_WORK} ms; look for a pattern such as (a+)+ that tries too many ways`;
  }
  const text = String((thrown as { message?: unknown }).message).split('\n')[0];
  if (text.startsWith('Unresolved $ref')) return `${text.split('.')[0]} (references must lead to the schema itself)`;
  return text === 'Maximum call stack size exceeded' ? 'it refers to itself without end' : text;
}

function mismatch(operation: string, errors: readonly OutputUnit[]): TroupeError {
  // A fault is reported for every level that it lies in; the deepest says what it is.
  let deepest: OutputUnit | undefined;
  for (const one of errors) {
    if (deepest === undefined || one.instanceLocation.length > deepest.instanceLocation.length) deepest = one;
  }
  const where = deepest === undefined ? '' : `: ${deepest.instanceLocation}: ${deepest.error}`;
  return new TroupeError(`${operation}: the value does not match the schema${where}`, {
    kind: 'INVALID',
    retryable: false,
    details: {
      errors: errors
        .slice(0, MOST_FAULTS)
        .map(one => ({ at: one.instanceLocation, keyword: one.keyword, message: one.error })),
    },
  });
}
