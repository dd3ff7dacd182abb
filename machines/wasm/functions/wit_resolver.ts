import { nameOf, type Token, type WitTokens } from './wit_tokens.ts';
import type { WitType } from './wit_type.ts';
import { MAX_DEPTH, primitiveOf, THERE_ARE, tooDeep, type Written } from './wit_written.ts';

/** Types, fields and cases that one type is made of, each use of a name counted: names could double it line by line. */
const MAX_PARTS = 4096;
const UNUSABLE_TYPES: ReadonlySet<string> = new Set(['own', 'borrow', 'future', 'stream', 'error-context', 'map']);

/** A type, and how much of it there is. */
interface Measured {
  readonly type: WitType;
  readonly depth: number;
  readonly parts: number;
}

/** Puts types in the place of their names. Throws INVALID. */
export class WitResolver {
  readonly #tokens: WitTokens;
  readonly #declarations: ReadonlyMap<string, Written>;
  readonly #known = new Map<string, Measured>();
  /** Names that are being looked up. */
  readonly #open = new Set<string>();

  constructor(tokens: WitTokens, declarations: ReadonlyMap<string, Written>) {
    this.#tokens = tokens;
    this.#declarations = declarations;
  }

  /** What nobody names must be right, too. */
  resolveAll(): void {
    for (const name of this.#declarations.keys()) this.#declared(name);
  }

  resolve(written: Written): Measured {
    if (written.kind === 'name') return this.#named(written.at);
    let depth = 0;
    let parts = 1;
    const inner = (part: Written): WitType => {
      const measured = this.resolve(part);
      depth = Math.max(depth, measured.depth);
      parts += measured.parts;
      return measured.type;
    };
    const type = this.#compound(written, inner);
    if ('parts' in written) parts += written.parts.length;
    if (depth >= MAX_DEPTH) throw tooDeep(this.#tokens, written.at);
    if (parts > MAX_PARTS) {
      throw this.#tokens.error(
        written.at,
        `the type has more than ${MAX_PARTS} fields and cases, those of its parts counted`,
      );
    }
    return { type, depth: depth + 1, parts };
  }

  #compound(written: Exclude<Written, { kind: 'name' }>, inner: (part: Written) => WitType): WitType {
    switch (written.kind) {
      case 'list':
        return { kind: 'list', element: inner(written.types[0]) };
      case 'option':
        return this.#option(written.at, inner(written.types[0]));
      case 'tuple':
        return { kind: 'tuple', types: written.types.map(inner) };
      case 'result':
        return { kind: 'result', ok: written.ok && inner(written.ok), err: written.err && inner(written.err) };
      case 'record': {
        const fields = written.parts.map(({ name, type }) => ({ name, type: inner(type!) }));
        return { kind: 'record', name: written.name, fields };
      }
      case 'variant': {
        const cases = written.parts.map(({ name, type }) => ({ name, type: type && inner(type) }));
        return { kind: 'variant', name: written.name, cases };
      }
      case 'enum':
        return { kind: 'enum', name: written.name, cases: written.parts.map(part => part.name) };
      default:
        return { kind: 'flags', name: written.name, flags: written.parts.map(part => part.name) };
    }
  }

  #option(at: Token, some: WitType): WitType {
    if (typeof some === 'object' && some.kind === 'option') {
      throw this.#tokens.error(
        at,
        'an option of an option cannot be used: null would mean either of them; put the inner one into a record or a variant',
      );
    }
    return { kind: 'option', some };
  }

  #named(at: Token): Measured {
    const { text } = at;
    const primitive = primitiveOf(text);
    if (primitive !== undefined) return { type: primitive, depth: 0, parts: 1 };
    const name = nameOf(at);
    if (this.#open.has(name))
      throw this.#tokens.error(at, `the type "${name}" contains itself, which no type of WIT can`);
    if (this.#open.size > MAX_DEPTH) throw tooDeep(this.#tokens, at);
    if (this.#declarations.has(name)) return this.#declared(name);
    const why = UNUSABLE_TYPES.has(text) ? 'needs components' : 'is not declared';
    throw this.#tokens.error(at, `the type "${name}" cannot be used: it ${why}; ${THERE_ARE}`);
  }

  #declared(name: string): Measured {
    let measured = this.#known.get(name);
    if (measured === undefined) {
      this.#open.add(name);
      measured = this.resolve(this.#declarations.get(name)!);
      this.#open.delete(name);
      this.#known.set(name, measured);
    }
    return measured;
  }
}
