/** The arguments of a call as its operation wants them: the one place where they are checked, for every language. */
import { TroupeError } from '../errors.ts';
import { parseDuration } from '../duration.ts';
import type { Payload } from '../payload/payload.ts';
import {
  booleanArgument,
  bytesArgument,
  contentArgument,
  durationArgument,
  durationOf,
  integerArgument,
  invalid,
  listArgument,
  numberArgument,
  type Options,
  recordArgument,
  refuseUnknownOptions,
  textArgument,
  wordArgument,
} from './arguments.ts';
import type { Parameter } from './parameters.ts';

/**
 * What `parameters`, of which there is at least one, make of `args`, in their order; `args` itself where nothing had to be changed. Throws INVALID with a
 * text that begins with `operation` and names the argument. Nothing is done with arguments that have no parameter.
 */
export function readArguments(
  parameters: readonly Parameter[],
  args: readonly Payload[],
  operation: string,
): readonly unknown[] {
  if (parameters[0].rest) return readAll(parameters[0], args, operation);
  let read: unknown[] | undefined;
  for (let i = 0; i < parameters.length; i++) {
    const parameter = parameters[i];
    const given = i < args.length ? args[i] : undefined;
    const { plain } = parameter;
    if (plain === 'any' || typeof given === plain) continue;
    const value =
      given === undefined && parameter.optional
        ? parameter.otherwise
        : readArgument(parameter, given, operation, parameter.name);
    if (value === given) continue;
    read ??= args.slice();
    read[i] = value;
  }
  return read ?? args;
}

/** An operation that takes any number takes one at least, unless it says that it may be left out. */
function readAll(parameter: Parameter, args: readonly Payload[], operation: string): readonly unknown[] {
  const given = args.length === 0 && !parameter.optional ? [undefined] : args;
  return given.map(value => readArgument(parameter, value, operation, parameter.name));
}

/** `name`: as it is called in messages. */
function readArgument(parameter: Parameter, value: Payload, operation: string, name: string): unknown {
  if (parameter.optional && (value === undefined || value === null)) return parameter.otherwise;
  switch (parameter.type) {
    case 'any':
      return value;
    case 'text': {
      const text = textArgument(value, operation, name);
      if (text.length < parameter.least) throw invalid(operation, `${name} must not be empty`);
      return text;
    }
    case 'integer':
      return integerArgument(value, operation, name, parameter.least, parameter.most);
    case 'options':
      // Only one that is in something else is named in messages about its keys.
      return readFields(
        parameter,
        recordArgument(value, operation, name),
        operation,
        name === parameter.name ? '' : `${name}.`,
      );
    case 'bytes': {
      const bytes = bytesArgument(value, operation, name);
      if (bytes.length < parameter.least) throw invalid(operation, `${name} must not be empty`);
      return bytes;
    }
    case 'content':
      return contentArgument(value, operation, name);
    case 'boolean':
      return booleanArgument(value, operation, name);
    case 'number':
      return numberArgument(value, operation, name);
    case 'word':
      return wordArgument(value, operation, name, parameter.words);
    case 'switch':
      if (typeof value === 'boolean' || parameter.words.includes(value as string)) return value;
      throw invalid(operation, `${name} must be ${parameter.words.map(word => `"${word}"`).join(', ')}, true or false`);
    case 'texts':
      return listArgument(value, operation, name).map(item => textArgument(item, operation, name));
    case 'list':
      return readList(parameter, listArgument(value, operation, name), operation, name);
    case 'record':
      return recordArgument(value, operation, name);
    case 'fields':
      return value instanceof TroupeError ? value : recordArgument(value, operation, name);
    case 'object':
      return readFields(parameter, recordArgument(value, operation, name), operation, `${name}.`);
    case 'duration':
      return durationArgument(value, operation, name);
    case 'nanoseconds':
      return typeof value === 'string'
        ? Math.round(durationOf(value, operation) * 1e6)
        : numberArgument(value, operation, name);
    case 'seconds':
      return readSeconds(value, operation, name);
    case 'moment':
      if (value === 'now') return value;
      if (typeof value !== 'string') return numberArgument(value, operation, name);
      throw invalid(operation, `${name} must be unix seconds or "now", got "${value}"`);
  }
}

function readList({ fields, most }: Parameter, given: readonly Payload[], operation: string, name: string): unknown[] {
  if (given.length > most) throw invalid(operation, `${name} must not hold more than ${most}, got ${given.length}`);
  return given.map((item, i) => readArgument(fields[0], item, operation, `${name}[${i}]`));
}

/** `before`: what stands in front of the names of fields in messages. */
function readFields(parameter: Parameter, given: Options, operation: string, before: string): unknown {
  const { fields } = parameter;
  // A copy of what is there where nothing was given: all of the same shape, and seldom much is written over.
  const read: { [key: string]: unknown } = { ...(parameter.defaults as object) };
  let found = 0;
  for (const field of fields) {
    const value = given[field.name];
    if (value !== undefined) found++;
    else if (field.optional) continue;
    read[field.name] = readArgument(field, value, operation, before + field.name);
  }
  if (parameter.type === 'options' && Object.keys(given).length > found) {
    refuseUnknownOptions(given, operation, before, fields);
  }
  return read;
}

function readSeconds(value: Payload, operation: string, name: string): number {
  const milliseconds = typeof value === 'string' ? parseDuration(value) : numberArgument(value, operation, name) * 1e3;
  if (milliseconds !== undefined && milliseconds >= 0) return milliseconds;
  throw invalid(operation, `${name} must be a number of seconds, 0 for no end, or a text such as "5m"`);
}
