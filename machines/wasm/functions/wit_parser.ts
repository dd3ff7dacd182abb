import { nameOf, type Token, type WitTokens } from './wit_tokens.ts';
import {
  type Generic,
  isGeneric,
  MAX_DEPTH,
  primitiveOf,
  THERE_ARE,
  tooDeep,
  type Written,
  type WrittenFunction,
  type WrittenPart,
} from './wit_written.ts';

/** Bits of the largest flags that the canonical ABI has. */
const MAX_FLAGS = 32;
const DECLARATIONS: ReadonlySet<string> = new Set(['record', 'variant', 'enum', 'flags', 'type']);
/** Parts of WIT that say nothing about how a core module's functions are called, or need components. */
const UNUSABLE: ReadonlySet<string> = new Set([
  'package',
  'interface',
  'world',
  'use',
  'import',
  'include',
  'resource',
]);

/** Reads a text token by token. Throws INVALID. */
export class WitParser {
  readonly #tokens: WitTokens;
  readonly #declarations = new Map<string, Written>();
  readonly #functions = new Map<string, WrittenFunction>();
  #depth = 0;

  constructor(tokens: WitTokens) {
    this.#tokens = tokens;
  }

  parse(): { declarations: ReadonlyMap<string, Written>; functions: WrittenFunction[] } {
    const tokens = this.#tokens;
    while (tokens.accept(';'));
    while (!tokens.atEnd) {
      const { text } = tokens.peek;
      const named = tokens.second.text === ':';
      if (!named && DECLARATIONS.has(text)) this.#declaration();
      else if (!named && UNUSABLE.has(text)) throw this.#unusable();
      else this.#function();
      while (tokens.accept(';'));
    }
    return { declarations: this.#declarations, functions: [...this.#functions.values()] };
  }

  #unusable(): Error {
    const { peek } = this.#tokens;
    return this.#tokens.error(peek, `"${peek.text}" cannot be used here; write functions and the types that they name`);
  }

  #declaration(): void {
    const tokens = this.#tokens;
    const keyword = tokens.name('a declaration').text as 'record' | 'variant' | 'enum' | 'flags' | 'type';
    const at = tokens.name(`the name of the ${keyword}`);
    const name = nameOf(at);
    if (isGeneric(at.text) || primitiveOf(at.text) !== undefined)
      throw tokens.error(at, `"${name}" is a type of WIT; take another name, or write %${name}`);
    if (this.#declarations.has(name)) throw tokens.error(at, `the type "${name}" is there twice`);
    if (keyword === 'type') {
      tokens.expect('=', `after "type ${name}"`);
      this.#declarations.set(name, this.#type(`"${name}"`));
      return;
    }
    const parts = this.#parts(keyword, name);
    if (parts.length === 0) throw tokens.error(at, `the ${keyword} "${name}" is empty`);
    if (keyword === 'flags' && parts.length > MAX_FLAGS) {
      throw tokens.error(at, `the flags "${name}" are ${parts.length}; at most ${MAX_FLAGS} can be passed`);
    }
    this.#declarations.set(name, { kind: keyword, at, name, parts });
  }

  #parts(keyword: 'record' | 'variant' | 'enum' | 'flags', name: string): WrittenPart[] {
    const tokens = this.#tokens;
    const parts = new Map<string, WrittenPart>();
    tokens.expect('{', `after "${keyword} ${name}"`);
    while (tokens.peek.text !== '}') {
      const at = tokens.name(`a name in the ${keyword} "${name}"`);
      const part = nameOf(at);
      if (parts.has(part)) throw tokens.error(at, `"${part}" is in the ${keyword} "${name}" twice`);
      parts.set(part, { name: part, type: this.#partType(keyword, part) });
      if (!tokens.accept(',')) break;
    }
    tokens.expect('}', `at the end of the ${keyword} "${name}"`);
    return [...parts.values()];
  }

  #partType(keyword: string, part: string): Written | undefined {
    const tokens = this.#tokens;
    if (keyword === 'record') {
      tokens.expect(':', `after the field "${part}"`);
      return this.#type(`the field "${part}"`);
    }
    if (keyword !== 'variant' || !tokens.accept('(')) return undefined;
    const type = this.#type(`the case "${part}"`);
    tokens.expect(')', `after the type of the case "${part}"`);
    return type;
  }

  #function(): void {
    const tokens = this.#tokens;
    if (tokens.peek.text === 'export' && tokens.second.text !== ':') tokens.accept('export');
    const at = tokens.name('the name of a function');
    const name = nameOf(at);
    tokens.expect(':', `after "${name}"`);
    tokens.expect('func', `after "${name}:"`);
    tokens.expect('(', `after "${name}: func"`);
    const params = new Map<string, { name: string; type: Written }>();
    while (tokens.peek.text !== ')') {
      const start = tokens.name(`a parameter of "${name}"`);
      const param = nameOf(start);
      tokens.expect(':', `after the parameter "${param}"`);
      if (params.has(param)) throw tokens.error(start, `the parameter "${param}" of "${name}" is there twice`);
      params.set(param, { name: param, type: this.#type(`the parameter "${param}"`) });
      if (!tokens.accept(',')) break;
    }
    tokens.expect(')', `after the parameters of "${name}"`);
    const result = tokens.accept('->') ? this.#type(`the result of "${name}"`) : undefined;
    if (this.#functions.has(name)) throw tokens.error(at, `"${name}" is there twice`);
    this.#functions.set(name, { at, name, params: [...params.values()], result });
  }

  #type(what: string): Written {
    const tokens = this.#tokens;
    if (tokens.peek.text === '(') throw tokens.error(tokens.peek, `${what} has one type; return a record or a tuple`);
    const at = tokens.name(`the type of ${what}`);
    if (++this.#depth > MAX_DEPTH) throw tooDeep(tokens, at);
    const written = isGeneric(at.text) ? this.#generic(at, at.text) : this.#named(at);
    this.#depth--;
    return written;
  }

  #named(at: Token): Written {
    if (this.#tokens.peek.text === '<')
      throw this.#tokens.error(at, `the type "${at.text}<...>" cannot be used; ${THERE_ARE}`);
    return { kind: 'name', at };
  }

  #generic(at: Token, kind: Generic): Written {
    const tokens = this.#tokens;
    if (kind === 'result') return this.#result(at);
    tokens.expect('<', `after "${kind}"`);
    const types = [this.#type(`what is in the ${kind}`)];
    if (kind === 'tuple') {
      while (tokens.accept(',') && tokens.peek.text !== '>') types.push(this.#type('what is in the tuple'));
    } else if (kind === 'list' && tokens.peek.text === ',') {
      throw tokens.error(tokens.peek, 'a list cannot have a fixed length; write list<T> or a tuple');
    }
    tokens.expect('>', `at the end of the ${kind}`);
    return { kind, at, types };
  }

  /** `result`, `result<ok>`, `result<_, err>` or `result<ok, err>`. */
  #result(at: Token): Written {
    const tokens = this.#tokens;
    if (!tokens.accept('<')) return { kind: 'result', at, ok: undefined, err: undefined };
    const ok = tokens.accept('_') ? undefined : this.#type('the result');
    const err = tokens.accept(',') ? this.#type('the error of the result') : undefined;
    tokens.expect('>', 'at the end of the result');
    return { kind: 'result', at, ok, err };
  }
}
