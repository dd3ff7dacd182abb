/**
 * Building blocks of the schemas: zod types whose messages are texts that follow `key: `.
 *
 * References can only be judged inside one deployment, so schemas that hold them are made for a `Scope`.
 */
import { z } from 'zod';
import type { ErrorKind } from '../errors.ts';
import { parseDuration } from '../duration.ts';
import { parseSize } from '../size.ts';
import type { EntryKind } from './entry.ts';
import type { Scope } from './scope.ts';
import { foundWords } from './words.ts';

/** Further facts about a problem, carried by zod's custom issues to `validate`. */
export interface IssueParams {
  /** `key`: the message is about the key, not about its value. */
  readonly at?: 'key' | 'value';
  readonly kind?: ErrorKind;
  /** The message stands alone; it is not to be prefixed with the path. */
  readonly whole?: boolean;
  /** Which character of the text that `path` leads to the message is about. */
  readonly offset?: number;
}

/** What `always` checks and transforms report through. */
export type Report = (path: readonly (string | number)[], message: string, params?: IssueParams) => void;

interface Payload {
  readonly issues: unknown[];
}

export function reporter(payload: Payload): Report {
  return (path, message, params = {}) => {
    payload.issues.push({ code: 'custom', path: [...path], message, params, input: undefined, continue: true });
  };
}

/** What a transform answers for input that it cannot take. Undefined, so that checks of what is round it can tell. */
export function refuse(payload: Payload, message: string, params?: IssueParams): never {
  reporter(payload)([], message, params);
  return undefined as never;
}

/**
 * A check that runs even where other keys have problems, so that all are reported at once. A key whose own value has a
 * problem is undefined in `value`, so ask `'key' in value` where presence matters. `issues` takes those of other schemas.
 */
export function always<T extends z.ZodType>(
  schema: T,
  check: (value: Partial<z.output<T>>, report: Report, issues: unknown[]) => void,
): T {
  const added = z.check<z.output<T>>(payload => {
    const mistaken = payload.issues.filter(issue => issue.code === 'invalid_type');
    if (mistaken.some(issue => !issue.path?.length)) return;
    // zod leaves what is no list as it was written.
    const lists = mistaken.filter(({ path, expected }) => path?.length === 1 && expected === 'array');
    const value = lists.length === 0 ? payload.value : { ...(payload.value as object) };
    for (const { path } of lists) Object.assign(value as object, { [path![0]]: undefined });
    check(value as Partial<z.output<T>>, reporter(payload), payload.issues);
  });
  added._zod.def.when = () => true;
  return schema.check(added) as T;
}

/** Text that is not empty. */
export function text() {
  return z.string().min(1);
}

const DURATION_EXAMPLES = '"5ms", "10s" or "1h30m"';

/** What is wrong with a number where a duration is wanted. */
export function withoutUnit({ input }: { readonly input?: unknown }): string | undefined {
  if (typeof input !== 'number') return undefined;
  return `the number ${input} has no unit; write for example "${input}s" or "${input}ms"`;
}

/**
 * Milliseconds. A number without a unit is refused: people mean seconds by it, Go means nanoseconds. `also`: what messages say
 * may be written instead.
 */
export function duration(least: 'zero' | 'positive' = 'zero', also = '') {
  return z
    .string({ error: withoutUnit })
    .meta({ pattern: '^(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(h|ms|m|s|us|µs|ns))+$', examples: ['5ms', '10s', '1h30m'] })
    .transform((written, context) => {
      const milliseconds = parseDuration(written);
      if (milliseconds !== undefined && (milliseconds > 0 || (least === 'zero' && milliseconds === 0)))
        return milliseconds;
      const message =
        milliseconds === undefined
          ? `expected a duration such as ${DURATION_EXAMPLES}${also}, found ${foundWords(written)}`
          : `a duration here must be ${least === 'zero' ? 'zero or more' : 'more than zero'}, found ${foundWords(written)}`;
      return refuse(context, message);
    });
}

/** Bytes, more than zero: `16MiB`, `64KB`, `10000`. */
export function size() {
  return z
    .union([z.number(), z.string().meta({ examples: ['16MiB', '64KB'] })], {
      error: issue => `expected a size such as 16MiB, 64KB or 10000 (bytes), found ${foundWords(issue.input)}`,
    })
    .transform((written, context) => {
      const bytes = parseSize(String(written));
      if (bytes !== undefined && bytes > 0) return bytes;
      return refuse(context, `expected a size such as 16MiB, 64KB or 10000 (bytes), found ${foundWords(written)}`);
    });
}

/** A whole number of things. */
export function count(least: number) {
  return z.int().min(least);
}

/** The full id of an entry of one of `kinds` (any kind, if empty). */
export function reference(scope: Scope, kinds: readonly EntryKind[]) {
  return z
    .string({
      error: issue => `expected the id of an entry (namespace:name), found ${foundWords(issue.input)}`,
    })
    .meta({ description: `id of ${kinds.length === 0 ? 'an entry' : `an entry of kind ${kinds.join(', ')}`}` })
    .transform((written, context) => {
      const found = scope.find(written, kinds);
      if (typeof found === 'string') return found;
      return refuse(context, found.message, { kind: found.kind });
    });
}

/** A list without repetitions; `item` must be made of texts. */
export function distinct<T extends z.ZodType<string>>(item: T) {
  return always(z.array(item), (items, report) => {
    const values = items as readonly (string | undefined)[];
    values.forEach((value, i) => {
      if (value !== undefined && values.indexOf(value) < i) report([i], `"${value}" is listed twice; remove one`);
    });
  });
}
