/**
 * A payload as plain data for people to read: never more than some kilobytes of it, however large it is, because whoever
 * looks at a process must not have to wait for what the process has made. What is left out is said.
 */
import { TroupeError } from '../errors.ts';
import { binaryOf, type Payload } from '../payload/payload.ts';

export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain };

/** Values, with those within them, that one payload is shown with. */
const MOST_VALUES = 200;
const DEEPEST = 8;
/** Characters of one text. */
const LONGEST_TEXT = 300;

export function abridged(payload: Payload): Plain {
  return new Abridgement().of(payload, 0);
}

/** The beginning of a text that is too long, and how long it is. */
export function shortText(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}... (${text.length} characters)`;
}

class Abridgement {
  #left = MOST_VALUES;

  of(payload: Payload, depth: number): Plain {
    this.#left--;
    if (payload === undefined || payload === null) return null;
    if (typeof payload === 'boolean') return payload;
    if (typeof payload === 'number') return Number.isFinite(payload) ? payload : String(payload);
    if (typeof payload === 'bigint') return String(payload);
    if (typeof payload === 'string') return shortText(payload);
    const binary = binaryOf(payload);
    if (binary !== undefined) return `(${binary.length} bytes)`;
    if (payload instanceof TroupeError) return { message: shortText(payload.message), kind: payload.kind };
    if (Array.isArray(payload)) return this.#list(payload as readonly Payload[], depth);
    return this.#map(payload as { readonly [key: string]: Payload }, depth);
  }

  #list(list: readonly Payload[], depth: number): Plain {
    if (depth === DEEPEST) return `(a list of ${list.length})`;
    const shown: Plain[] = [];
    for (const item of list) {
      if (this.#left <= 0) break;
      shown.push(this.of(item, depth + 1));
    }
    if (shown.length < list.length) shown.push(`(and ${list.length - shown.length} more)`);
    return shown;
  }

  #map(map: { readonly [key: string]: Payload }, depth: number): Plain {
    if (depth === DEEPEST) return '(a map)';
    // Keys are whatever the process chose, `__proto__` included.
    const shown: { [key: string]: Plain } = Object.create(null);
    for (const key in map) {
      if (!Object.hasOwn(map, key)) continue;
      if (this.#left <= 0) {
        shown['...'] = '(and more)';
        break;
      }
      shown[shortText(key)] = this.of(map[key], depth + 1);
    }
    return shown;
  }
}
