/**
 * A question as the values that an expression sees. Maps become `Map`s, so that a key such as `constructor` is a key
 * like any other, and nothing but what was sent can be reached.
 */
import { TroupeError } from '../errors.ts';
import { binaryOf, type Payload } from '../payload/payload.ts';
import type { Question } from './decision.ts';

/** What an expression looks at, actor and details together; more than that is not judged. */
const MOST_VALUES = 5000;
const MOST_CHARACTERS = 64 * 1024;
const DEEPEST = 32;

export interface Values {
  /** By variable. */
  readonly variables: ReadonlyMap<string, unknown>;
  /** How much it is: values, and every 64 characters or bytes as one more. */
  readonly size: number;
}

/** Throws INVALID where there is more than an expression may be asked about. */
export function valuesOf(question: Question): Values {
  const reader = new Reader();
  const { actor, action, resource, meta } = question;
  const who = new Map<string, unknown>([['meta', reader.value(actor?.meta ?? {}, 0)]]);
  if (actor !== undefined) who.set('id', reader.value(actor.id, 0));
  const variables = new Map<string, unknown>([
    ['actor', who],
    ['action', reader.value(action, 0)],
    ['resource', reader.value(resource, 0)],
    ['meta', reader.value(meta, 0)],
  ]);
  return { variables, size: reader.size };
}

class Reader {
  private values = 0;
  private characters = 0;

  get size(): number {
    return this.values + Math.ceil(this.characters / 64);
  }

  value(payload: Payload, depth: number): unknown {
    if (++this.values > MOST_VALUES) throw tooMuch(`more than ${MOST_VALUES} values`);
    if (depth > DEEPEST) throw tooMuch(`values more than ${DEEPEST} levels deep`);
    switch (typeof payload) {
      case 'string':
        this.count(payload.length);
        return payload;
      case 'number':
        // No language says whether it means 3 or 3.0: what is whole is an integer.
        return Number.isSafeInteger(payload) ? BigInt(payload) : payload;
      case 'object':
        return payload === null ? null : this.object(payload, depth);
      case 'undefined':
        return null;
      default:
        return payload;
    }
  }

  private object(payload: object, depth: number): unknown {
    const bytes = binaryOf(payload);
    if (bytes !== undefined) {
      this.count(bytes.length);
      return new Uint8Array(bytes);
    }
    if (Array.isArray(payload)) return payload.map(item => this.value(item, depth + 1));
    if (payload instanceof TroupeError) {
      const { kind, message } = payload;
      return new Map(Object.entries({ kind, message: this.value(message, depth + 1) }));
    }
    const map = new Map<string, unknown>();
    for (const [key, value] of Object.entries(payload as { readonly [key: string]: Payload })) {
      this.count(key.length);
      if (value !== undefined) map.set(key, this.value(value, depth + 1));
    }
    return map;
  }

  private count(characters: number): void {
    this.characters += characters;
    if (this.characters > MOST_CHARACTERS) throw tooMuch(`texts of more than ${MOST_CHARACTERS} characters`);
  }
}

function tooMuch(what: string): TroupeError {
  return new TroupeError(`an expression is not asked about ${what}; send less as meta`, {
    kind: 'INVALID',
    retryable: false,
  });
}
