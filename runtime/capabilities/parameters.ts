/**
 * What an operation takes, as data: written once, checked in one place (`read_arguments.ts`) for every language, and
 * the source of documentation and editor stubs.
 *
 *     args: [text('path'), options(optional(boolean('bytes'), false))]
 *     run: (context, settings, [path, { bytes }]) => ...   // path: string, bytes: boolean
 */
import type { TroupeError } from '../errors.ts';
import type { Payload } from '../payload/payload.ts';

/** What a value must be, and what is made of it before an operation sees it. */
export type ParameterType =
  /** Whatever was given. */
  | 'any'
  | 'text'
  /** Text or bytes, as given; to be read only, since Bytes are everybody's. */
  | 'content'
  /** Text (as UTF-8) or bytes, as bytes; to be read only. */
  | 'bytes'
  | 'boolean'
  /** Finite; a 64-bit integer is taken where a number can hold it. */
  | 'number'
  | 'integer'
  /** One of some words. */
  | 'word'
  /** One of some words, `true` or `false`. */
  | 'switch'
  /** A list of texts. */
  | 'texts'
  /** A list of what its one field says. */
  | 'list'
  /** An object with any keys. */
  | 'record'
  /** An object with any keys, or an error. */
  | 'fields'
  /** An object of which some keys are known; others are of no interest. */
  | 'object'
  /** An object with known keys and no others. */
  | 'options'
  /** Longer than zero, from nanoseconds or a text such as `5ms`: milliseconds. */
  | 'duration'
  /** The same, of any length: nanoseconds. */
  | 'nanoseconds'
  /** Zero or more, from seconds or a text such as `5m`: milliseconds. */
  | 'seconds'
  /** Unix seconds, or `now`. */
  | 'moment';

declare const VALUE: unique symbol;

/** `Value`: what the operation gets. All have the same fields, so that reading arguments stays quick. */
export interface Parameter<Name extends string = string, Value = unknown> {
  readonly name: Name;
  readonly type: ParameterType;
  /** May be left out; `null` counts as left out. */
  readonly optional: boolean;
  /** What an operation gets where it was left out. */
  readonly otherwise: unknown;
  /** Bounds of an integer, both included; the least length of text and bytes; the greatest of a list. */
  readonly least: number;
  readonly most: number;
  readonly words: readonly string[];
  readonly fields: readonly Parameter[];
  /** What fields are where they were left out: copied for each call, which is slow for a frozen object. */
  readonly defaults: { readonly [key: string]: unknown };
  /** Takes all arguments, any number of them; then it is the only one. */
  readonly rest: boolean;
  /** `typeof` of values that are taken as they are, which is most of them; or `any`, or none. */
  readonly plain: 'any' | 'string' | 'boolean' | 'none';
  readonly [VALUE]?: () => Value;
}

type ValueOf<P> = P extends Parameter<string, infer Value> ? Value : never;

/** An operation's arguments once they are read. */
export type Arguments<Parameters extends readonly Parameter[]> = Parameters extends readonly [Rest<infer Value>]
  ? readonly Value[]
  : { readonly [I in keyof Parameters]: ValueOf<Parameters[I]> };

type Fields<Parameters extends readonly Parameter[]> = {
  readonly [P in Parameters[number] as P['name']]: ValueOf<P>;
};

export interface Rest<Value> extends Parameter<string, Value> {
  readonly rest: true;
}

function make<Name extends string, Value>(
  name: Name,
  type: ParameterType,
  more: { least?: number; most?: number; words?: readonly string[]; fields?: readonly Parameter[] } = {},
): Parameter<Name, Value> {
  const { least = 0, most = Number.MAX_SAFE_INTEGER, words = [], fields = [] } = more;
  return {
    name,
    type,
    optional: false,
    otherwise: undefined,
    least,
    most,
    words,
    fields,
    defaults: defaultsOf(fields),
    rest: false,
    plain: type === 'any' || type === 'boolean' ? type : type === 'text' && least === 0 ? 'string' : 'none',
  };
}

/** Another one like it, of the same shape as all. */
function alter(parameter: Parameter, optional: boolean, otherwise: unknown, rest: boolean): Parameter {
  const { name, type, least, most, words, fields, defaults } = parameter;
  const plain = optional && parameter.plain === 'any' ? 'none' : parameter.plain;
  return { name, type, optional, otherwise, least, most, words, fields, defaults, rest, plain };
}

export const any = <const Name extends string>(name: Name) => make<Name, Payload>(name, 'any');

/** `least`: characters that it must have. */
export const text = <const Name extends string>(name: Name, least = 0) => make<Name, string>(name, 'text', { least });

export const content = <const Name extends string>(name: Name) => make<Name, string | Uint8Array>(name, 'content');

/** `least`: how many there must be. */
export const bytes = <const Name extends string>(name: Name, least = 0) =>
  make<Name, Uint8Array>(name, 'bytes', { least });

export const boolean = <const Name extends string>(name: Name) => make<Name, boolean>(name, 'boolean');

export const number = <const Name extends string>(name: Name) => make<Name, number>(name, 'number');

/** Bounds are included. */
export const integer = <const Name extends string>(name: Name, least: number, most?: number) =>
  make<Name, number>(name, 'integer', { least, most });

export const word = <const Name extends string, const Word extends string>(name: Name, words: readonly Word[]) =>
  make<Name, Word>(name, 'word', { words });

export const switched = <const Name extends string, const Word extends string>(name: Name, words: readonly Word[]) =>
  make<Name, Word | boolean>(name, 'switch', { words });

export const texts = <const Name extends string>(name: Name) => make<Name, readonly string[]>(name, 'texts');

/** At most so many; in messages the name of one follows that of the list: `requests[0].url`. */
export const list = <const Name extends string, const Item extends Parameter>(name: Name, item: Item, most: number) =>
  make<Name, readonly ValueOf<Item>[]>(name, 'list', { most, fields: [item] });

export const record = <const Name extends string>(name: Name) =>
  make<Name, { readonly [key: string]: Payload }>(name, 'record');

export const fields = <const Name extends string>(name: Name) =>
  make<Name, { readonly [key: string]: Payload } | TroupeError>(name, 'fields');

/** `known`: in messages their names follow that of the object, as in `actor.id`. */
export const object = <const Name extends string, const Known extends readonly Parameter[]>(
  name: Name,
  ...known: Known
) => make<Name, Fields<Known>>(name, 'object', { fields: known });

/** An object with known keys. */
export const keys = <const Name extends string, const Known extends readonly Parameter[]>(
  name: Name,
  ...known: Known
) => make<Name, Fields<Known>>(name, 'options', { fields: known });

/** Options are left out as a whole or one by one; each says what it is then. */
export const options = <const Known extends readonly Parameter[]>(...known: Known) => {
  const all = keys('options', ...known);
  return optional(all, Object.freeze({ ...all.defaults }) as Fields<Known>);
};

export const duration = <const Name extends string>(name: Name) => make<Name, number>(name, 'duration');

export const nanoseconds = <const Name extends string>(name: Name) => make<Name, number>(name, 'nanoseconds');

export const seconds = <const Name extends string>(name: Name) => make<Name, number>(name, 'seconds');

export const moment = <const Name extends string>(name: Name) => make<Name, number | 'now'>(name, 'moment');

/** One that may be left out; without `otherwise` the operation gets `undefined` then. */
export function optional<Name extends string, Value>(
  parameter: Parameter<Name, Value>,
): Parameter<Name, Value | undefined>;
export function optional<Name extends string, Value>(
  parameter: Parameter<Name, Value>,
  otherwise: Value,
): Parameter<Name, Value>;
export function optional(parameter: Parameter, otherwise?: unknown): Parameter {
  return alter(parameter, true, otherwise, false);
}

/** Any number of such arguments. */
export function rest<Value>(parameter: Parameter<string, Value>): Rest<Value> {
  return alter(parameter, parameter.optional, parameter.otherwise, true) as Rest<Value>;
}

/** How documentation names it: `path`, `options?`, `...`. */
export function shownParameter({ name, optional, rest }: Parameter): string {
  if (rest) return '...';
  return optional ? `${name}?` : name;
}

function defaultsOf(known: readonly Parameter[]): { readonly [key: string]: unknown } {
  return Object.fromEntries(known.map(({ name, otherwise }) => [name, otherwise]));
}
