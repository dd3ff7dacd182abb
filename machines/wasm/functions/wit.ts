/**
 * The part of WIT (WebAssembly Interface Types) that a `wit:` key may use: signatures of functions, and the types that
 * they name.
 *
 *     record point { x: s32, y: s32 }
 *     type points = list<point>;
 *     add: func(to: points, p: option<point>) -> result<points, string>
 *
 * Source: the WIT grammar of the component model. Declarations may come in any order; semicolons may be left out.
 */
import { WitParser } from './wit_parser.ts';
import { WitResolver } from './wit_resolver.ts';
import { WitTokens } from './wit_tokens.ts';
import type { WitField, WitFunction } from './wit_type.ts';

/** All functions of a `wit:` text. Throws INVALID that says where (`wit:line:column`), what is wrong and what is allowed. */
export function parseWit(text: string): WitFunction[] {
  const tokens = new WitTokens(text);
  const { declarations, functions } = new WitParser(tokens).parse();
  const types = new WitResolver(tokens, declarations);
  const found = functions.map(({ name, params, result }) => ({
    name,
    params: params.map((param): WitField => ({ name: param.name, type: types.resolve(param.type).type })),
    result: result && types.resolve(result).type,
  }));
  types.resolveAll();
  if (found.length > 0) return found;
  throw tokens.error(tokens.peek, 'a signature is missing; write one like "add: func(a: s32, b: s32) -> s32"');
}
