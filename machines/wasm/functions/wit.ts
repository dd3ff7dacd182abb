/**
 * The part of WIT (WebAssembly Interface Types) that a `wit:` key may use: function signatures over numbers, `bool`,
 * `char`, `string` and `list<u8>`.
 *
 *     add: func(a: s32, b: s32) -> s32
 *     greet: func(name: string) -> string; digest: func(data: list<u8>) -> list<u8>
 *
 * Source: the WIT grammar of the component model.
 */
import { invalid } from './numbers.ts';

export const WIT_TYPES = [
  'bool',
  's8',
  's16',
  's32',
  's64',
  'u8',
  'u16',
  'u32',
  'u64',
  'f32',
  'f64',
  'char',
  'string',
  'list<u8>',
] as const;
export type WitType = (typeof WIT_TYPES)[number];

export interface WitFunction {
  readonly name: string;
  readonly params: readonly { readonly name: string; readonly type: WitType }[];
  readonly result: WitType | undefined;
}

/** Older spellings. */
const ALIASES: { readonly [name: string]: WitType } = { float32: 'f32', float64: 'f64' };

const TOKEN = /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|(->|%?[a-zA-Z_][a-zA-Z0-9_-]*|[():,;<>])|(.)/gy;

/** All functions of a `wit:` text. Throws INVALID that says what is wrong and what is allowed. */
export function parseWit(text: string): WitFunction[] {
  const tokens = new Tokens(text);
  const functions: WitFunction[] = [];
  while (!tokens.atEnd) {
    const found = parseFunction(tokens);
    if (functions.some(known => known.name === found.name)) throw invalid(`wit: "${found.name}" is there twice`);
    functions.push(found);
    while (tokens.accept(';'));
  }
  if (functions.length === 0) {
    throw invalid('wit: a signature is missing; write one like "add: func(a: s32, b: s32) -> s32"');
  }
  return functions;
}

function parseFunction(tokens: Tokens): WitFunction {
  if (tokens.peek === 'export' && tokens.second !== ':') tokens.next();
  const name = tokens.name('the name of a function');
  tokens.expect(':', `after "${name}"`);
  tokens.expect('func', `after "${name}:"`);
  tokens.expect('(', `after "${name}: func"`);
  const params: { name: string; type: WitType }[] = [];
  while (tokens.peek !== ')') {
    const param = tokens.name(`a parameter of "${name}"`);
    tokens.expect(':', `after the parameter "${param}"`);
    params.push({ name: param, type: parseType(tokens, param) });
    if (!tokens.accept(',')) break;
  }
  tokens.expect(')', `after the parameters of "${name}"`);
  return { name, params, result: tokens.accept('->') ? parseType(tokens, `the result of ${name}`) : undefined };
}

function parseType(tokens: Tokens, what: string): WitType {
  let type = tokens.name(`the type of ${what}`);
  if (tokens.accept('<')) {
    type = `${type}<${tokens.name('an element type')}>`;
    tokens.expect('>', `after "${type.slice(0, -1)}"`);
  }
  const known = Object.hasOwn(ALIASES, type) ? ALIASES[type] : type;
  if ((WIT_TYPES as readonly string[]).includes(known)) return known as WitType;
  throw invalid(`wit: ${what}: the type "${type}" cannot be used; there are ${WIT_TYPES.join(', ')}`);
}

class Tokens {
  readonly #tokens: string[] = [];
  #at = 0;

  constructor(text: string) {
    for (const match of text.matchAll(TOKEN)) {
      if (match[2] !== undefined) throw invalid(`wit: unexpected "${match[2]}" at column ${match.index + 1}`);
      if (match[1] !== undefined) this.#tokens.push(match[1]);
    }
  }

  get atEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  get peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  get second(): string | undefined {
    return this.#tokens[this.#at + 1];
  }

  next(): string | undefined {
    return this.#tokens[this.#at++];
  }

  accept(token: string): boolean {
    if (this.peek !== token) return false;
    this.#at++;
    return true;
  }

  expect(token: string, where: string): void {
    if (!this.accept(token)) throw invalid(`wit: "${token}" is wanted ${where}, got ${this.#shown}`);
  }

  /** An identifier; a leading `%` only keeps it from being a keyword. */
  name(what: string): string {
    const token = this.peek;
    if (token === undefined || !/^%?[a-zA-Z_]/.test(token)) throw invalid(`wit: ${what} is wanted, got ${this.#shown}`);
    this.#at++;
    return token.replace('%', '');
  }

  get #shown(): string {
    return this.peek === undefined ? 'the end' : `"${this.peek}"`;
  }
}
