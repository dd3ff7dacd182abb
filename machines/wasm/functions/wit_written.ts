/** What a `wit:` text says, before names are looked up; and what its words may be. */
import type { Token, WitTokens } from './wit_tokens.ts';
import { WIT_PRIMITIVES, type WitPrimitive } from './wit_type.ts';

/** Types inside one another. Every value is walked recursively, so this bounds the host's stack. */
export const MAX_DEPTH = 64;

/** Older spellings. */
const ALIASES: { readonly [name: string]: WitPrimitive } = { float32: 'f32', float64: 'f64' };
const GENERIC = ['list', 'option', 'result', 'tuple'] as const;
export type Generic = (typeof GENERIC)[number];

/** For errors. */
export const THERE_ARE = `there are ${WIT_PRIMITIVES.join(', ')}, list<...>, option<...>, result<..., ...>, tuple<...>, \
and what is declared by record, variant, enum, flags or type`;

/** A type as written: names are not looked up yet. */
export type Written =
  | { readonly kind: 'name'; readonly at: Token }
  | { readonly kind: 'list' | 'option' | 'tuple'; readonly at: Token; readonly types: readonly Written[] }
  | {
      readonly kind: 'result';
      readonly at: Token;
      readonly ok: Written | undefined;
      readonly err: Written | undefined;
    }
  | {
      readonly kind: 'record' | 'variant' | 'enum' | 'flags';
      readonly at: Token;
      readonly name: string;
      readonly parts: readonly WrittenPart[];
    };

/** A field, case or flag. */
export interface WrittenPart {
  readonly name: string;
  readonly type: Written | undefined;
}

export interface WrittenFunction {
  readonly at: Token;
  readonly name: string;
  readonly params: readonly { readonly name: string; readonly type: Written }[];
  readonly result: Written | undefined;
}

export function isGeneric(text: string): text is Generic {
  return (GENERIC as readonly string[]).includes(text);
}

/** The primitive type of this name; undefined where there is none. */
export function primitiveOf(text: string): WitPrimitive | undefined {
  const name = Object.hasOwn(ALIASES, text) ? ALIASES[text] : text;
  return WIT_PRIMITIVES.find(primitive => primitive === name);
}

export function tooDeep(tokens: WitTokens, at: Token): Error {
  return tokens.error(at, `types are nested more than ${MAX_DEPTH} deep`);
}
