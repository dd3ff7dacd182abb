import { TroupeError } from '../../../runtime/errors.ts';

/** Words with single hyphens inside (`first-name`), arrows, punctuation; or one character that is none of these. */
const TOKEN =
  /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|(->|%?[a-zA-Z_][a-zA-Z0-9_]*(?:-[a-zA-Z0-9_]+)*|\d+|[(){}:,;<>=@./])|([\s\S])/gy;
const NAME = /^%?[a-zA-Z_]/;

/** A place in the text where a token begins. */
export interface Token {
  /** Empty at the end of the text. */
  readonly text: string;
  readonly offset: number;
}

/** The tokens of a `wit:` text, without spaces and comments. Errors name line and column of the text, both from 1. */
export class WitTokens {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  readonly #end: Token;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#end = { text: '', offset: text.length };
    for (const match of text.matchAll(TOKEN)) {
      const offset = match.index;
      if (match[2] !== undefined)
        throw this.error({ text: match[2], offset }, `unexpected ${JSON.stringify(match[2])}`);
      if (match[1] !== undefined) this.#tokens.push({ text: match[1], offset });
    }
  }

  get atEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  get peek(): Token {
    return this.#tokens[this.#at] ?? this.#end;
  }

  /** The token behind the next one. */
  get second(): Token {
    return this.#tokens[this.#at + 1] ?? this.#end;
  }

  accept(text: string): boolean {
    if (this.peek.text !== text) return false;
    this.#at++;
    return true;
  }

  /** `where` completes "is wanted": `after "add"`. */
  expect(text: string, where: string): void {
    if (!this.accept(text)) throw this.wanted(`"${text}"`, ` ${where}`);
  }

  /** An identifier as it is written, `%` included. */
  name(what: string): Token {
    const token = this.peek;
    if (!NAME.test(token.text)) throw this.wanted(what);
    this.#at++;
    return token;
  }

  wanted(what: string, where = ''): TroupeError {
    const { text } = this.peek;
    return this.error(this.peek, `${what} is wanted${where}, got ${text === '' ? 'the end' : `"${text}"`}`);
  }

  error(token: Token, problem: string): TroupeError {
    const before = this.#text.slice(0, token.offset);
    const line = before.split('\n').length;
    const column = token.offset - before.lastIndexOf('\n');
    return new TroupeError(`wit:${line}:${column}: ${problem}`, {
      kind: 'INVALID',
      retryable: false,
      details: { line, column },
    });
  }
}

/** What an identifier names; a leading `%` only keeps it from being a keyword. */
export function nameOf(token: Token): string {
  return token.text.replace('%', '');
}
