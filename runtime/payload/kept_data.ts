/**
 * Data as it stands, for what must go on elsewhere as if nothing had happened: the state of a process that moves.
 *
 * A message is a tree, and its copy may differ in what no receiver can have known: an object that was in it twice is two
 * then, `undefined` is gone, a small bigint has become a number. The owner of a state would notice. So these are noted
 * beside the tree and made good afterwards, and what would come back as something else is refused, a getter or an
 * instance of a class, say. Whether an object was frozen is not kept.
 */
import { isProxy } from 'node:util/types';
import { TroupeError } from '../errors.ts';
import type { Payload } from './payload.ts';
import { refused, showPath, whyUnsendable } from './refusal.ts';
import { putOwn } from './shape.ts';

/** A payload, and what is not as it was in it. Containers are counted from 0 in the order in which they are met. */
export interface KeptData {
  readonly data: Payload;
  readonly repairs: readonly Repair[];
}

type Key = string | number;

/** At `key` of a container stands null in the place of a container met before, of undefined, or of a bigint. */
type Repair = readonly [container: number, key: Key, kind: RepairKind, value: Payload];

const RepairKind = { Same: 0, Undefined: 1, Bigint: 2 } as const;
type RepairKind = (typeof RepairKind)[keyof typeof RepairKind];

/** As for messages. */
const MAX_DEPTH = 200;
/** UTF-8 has no form for it. */
const HALF_PAIR = /\p{Surrogate}/u;
/** Stands for what cannot be kept; `reason` and `trail` then say why and where. */
const REFUSED = Symbol('refused');

/** Everything that is reachable from `root`. Throws INVALID naming the place below `name` that cannot be kept. */
export function keepData(root: object, name: string): KeptData {
  const keeper = new Keeper();
  const data = keeper.container(root, 1);
  if (data === REFUSED) throw refused(showPath(name, keeper.trail.reverse()), keeper.reason);
  return { data: data as Payload, repairs: keeper.repairs };
}

/** What `keepData` was given, as a value of its own. Changes `data` of `kept`, and is it. Throws INVALID for damage. */
export function restoreData({ data, repairs }: KeptData): unknown {
  if (repairs.length === 0) return data;
  const containers: object[] = [];
  collect(data, containers);
  for (const [container, key, kind, value] of repairs) {
    const target = containers[container];
    if (target === undefined) throw new TroupeError('the image is damaged', { kind: 'INVALID', retryable: false });
    putOwn(target as Record<string, unknown>, key as string, repaired(containers, kind, value));
  }
  return data;
}

function repaired(containers: readonly object[], kind: RepairKind, value: Payload): unknown {
  switch (kind) {
    case RepairKind.Same:
      return containers[value as number];
    case RepairKind.Bigint:
      return BigInt(value as string);
    default:
      return undefined;
  }
}

/** In the order of `Keeper.container`. */
function collect(value: unknown, into: object[]): void {
  if (typeof value !== 'object' || value === null) return;
  into.push(value);
  if (value instanceof TroupeError) collect(value.details, into);
  else if (!(value instanceof Uint8Array)) for (const item of Object.values(value)) collect(item, into);
}

class Keeper {
  readonly repairs: Repair[] = [];
  reason = '';
  /** From the refused value up to the root. */
  readonly trail: Key[] = [];
  readonly #numbers = new Map<object, number>();
  readonly #buffers = new Set<ArrayBufferLike>();

  /** The container itself, or a copy with null where a repair is needed. */
  container(value: object, depth: number): unknown {
    if (depth > MAX_DEPTH) return this.#refuse(`nested deeper than ${MAX_DEPTH} levels`);
    const number = this.#numbers.size;
    this.#numbers.set(value, number);
    if (isProxy(value)) return this.#refuse('a proxy cannot be kept');
    if (Array.isArray(value)) return this.#array(value, number, depth);
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) return this.#record(value as Record<string, unknown>, number, depth);
    if (prototype === Uint8Array.prototype) return this.#bytes(value as Uint8Array);
    if (prototype === TroupeError.prototype) return this.#error(value as TroupeError, number, depth);
    if (prototype === null) return this.#refuse('an object without a prototype cannot be kept');
    return this.#refuse(whyUnsendable(value));
  }

  #item(item: unknown, number: number, key: Key, depth: number): unknown {
    switch (typeof item) {
      case 'object': {
        if (item === null) return null;
        const met = this.#numbers.get(item);
        if (met !== undefined) return this.#repair(number, key, RepairKind.Same, met);
        const kept = this.container(item, depth + 1);
        if (kept === REFUSED) this.trail.push(key);
        return kept;
      }
      case 'undefined':
        return this.#repair(number, key, RepairKind.Undefined, null);
      case 'bigint':
        return this.#repair(number, key, RepairKind.Bigint, String(item));
      case 'string':
        if (!HALF_PAIR.test(item)) return item;
        this.trail.push(key);
        return this.#refuse('a string with half a surrogate pair cannot be kept');
      case 'function':
      case 'symbol':
        this.trail.push(key);
        return this.#refuse(whyUnsendable(item));
      default:
        return item;
    }
  }

  #repair(number: number, key: Key, kind: RepairKind, value: Payload): null {
    this.repairs.push([number, key, kind, value]);
    return null;
  }

  #array(source: readonly unknown[], number: number, depth: number): unknown {
    const copy = Object.values(source);
    if (copy.length !== source.length) return this.#refuse('an array with holes or named properties cannot be kept');
    let changed = false;
    for (let i = 0; i < copy.length; i++) {
      const item = copy[i];
      const kept = this.#item(item, number, i, depth);
      if (kept === item) continue;
      if (kept === REFUSED) return REFUSED;
      copy[i] = kept;
      changed = true;
    }
    return changed ? copy : source;
  }

  #record(source: Record<string, unknown>, number: number, depth: number): unknown {
    let copy: Record<string, unknown> | undefined;
    for (const key of Reflect.ownKeys(source)) {
      if (typeof key === 'symbol') return this.#refuse('a symbol as a key cannot be kept');
      const property = Object.getOwnPropertyDescriptor(source, key)!;
      if (!('value' in property) || property.enumerable !== true) {
        this.trail.push(key);
        return this.#refuse('a property that is hidden or has a getter cannot be kept');
      }
      const item: unknown = property.value;
      const kept = this.#item(item, number, key, depth);
      if (kept === item) continue;
      if (kept === REFUSED) return REFUSED;
      copy ??= { ...source };
      putOwn(copy, key, kept);
    }
    return copy ?? source;
  }

  /** Views that share their bytes would be apart afterwards. */
  #bytes(source: Uint8Array): unknown {
    const { buffer } = source;
    if (!(buffer instanceof ArrayBuffer) || this.#buffers.has(buffer)) {
      return this.#refuse('bytes that are shared cannot be kept');
    }
    this.#buffers.add(buffer);
    return source;
  }

  #error(source: TroupeError, number: number, depth: number): unknown {
    if (source.details === undefined) return source;
    const kept = this.#item(source.details, number, 'details', depth);
    if (kept === REFUSED || kept === source.details) return kept === REFUSED ? REFUSED : source;
    return this.#refuse('details that are more than a message may hold cannot be kept');
  }

  #refuse(why: string): typeof REFUSED {
    this.reason = why;
    return REFUSED;
  }
}
