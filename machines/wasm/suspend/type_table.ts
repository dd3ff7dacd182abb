import type { FunctionType } from '../binary/value_type.ts';

const VOID: FunctionType = { params: [], results: [] };
const VOID_BLOCK = -64;

/** The module's function types, and those that generated code needs in addition. */
export class TypeTable {
  readonly list: FunctionType[];
  /** How many are the module's own. */
  readonly original: number;
  readonly #canonical: number[];
  readonly #byShape = new Map<string, number>();
  readonly #single: (FunctionType | undefined)[] = [];

  constructor(types: readonly FunctionType[]) {
    this.list = [...types];
    this.original = types.length;
    this.#canonical = types.map((type, index) => {
      const key = shape(type.params, type.results);
      const known = this.#byShape.get(key);
      if (known !== undefined) return known;
      this.#byShape.set(key, index);
      return index;
    });
  }

  /** The first type with the same parameters and results: `call_indirect` compares types by structure. */
  canonical(index: number): number {
    return this.#canonical[index];
  }

  /** Index of a type with this shape, added if there is none. */
  indexOf(params: readonly number[], results: readonly number[]): number {
    const key = shape(params, results);
    let index = this.#byShape.get(key);
    if (index === undefined) {
      index = this.list.length;
      this.list.push({ params, results });
      this.#canonical.push(index);
      this.#byShape.set(key, index);
    }
    return index;
  }

  /** What a block type immediate stands for. */
  block(immediate: number): FunctionType {
    if (immediate >= 0) return this.list[immediate];
    if (immediate === VOID_BLOCK) return VOID;
    const type = immediate + 128;
    return (this.#single[type] ??= { params: [], results: [type] });
  }
}

function shape(params: readonly number[], results: readonly number[]): string {
  return `${params.join()}>${results.join()}`;
}
