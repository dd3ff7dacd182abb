/** What a place of a generated program can name, and what it may do there. */
import type { Chance } from './generated_chance.ts';

/**
 * `integer`, `float`, `text` (at most some hundred bytes) and `boolean` hold what they say; a `list` holds integers from
 * 1 on, a `record` integers under the keys a, b and c; a `callable` takes any integers and returns at least one.
 */
export type Type = 'integer' | 'float' | 'text' | 'boolean' | 'list' | 'record' | 'callable';

interface Variable {
  readonly name: string;
  readonly type: Type;
  readonly assignable: boolean;
}

/** Where the next statement stands. */
export interface Place {
  /** Inside of a coroutine, and of nothing that cannot be yielded across. */
  readonly inCoroutine: boolean;
  /** Loops around it within its function: they multiply. */
  readonly loops: number;
  readonly hasVarargs: boolean;
}

export class Scope {
  readonly #variables: Variable[] = [];
  #names = 0;
  place: Place = { inCoroutine: false, loops: 0, hasVarargs: false };

  fresh(prefix = 'v'): string {
    return `${prefix}${++this.#names}`;
  }

  declare(type: Type, name: string, assignable = true): void {
    this.#variables.push({ name, type, assignable });
  }

  /** A variable of this type that can be seen here, recent ones rather. */
  find(type: Type, chance: Chance, toAssign = false): string | undefined {
    const found = this.#variables.filter(one => one.type === type && (one.assignable || !toAssign));
    return found.length === 0 ? undefined : chance.pick(chance.once(3) ? found : found.slice(-3)).name;
  }

  /** What `make` answers; what it declares is forgotten afterwards. */
  nested<T>(change: Partial<Place>, make: () => T): T {
    const { length } = this.#variables;
    const { place } = this;
    this.place = { ...place, ...change };
    try {
      return make();
    } finally {
      this.#variables.length = length;
      this.place = place;
    }
  }
}
