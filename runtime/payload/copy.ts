/**
 * The copy that every message pays: what was sent and what arrives share nothing that can change (design section 4).
 *
 * Values come from programs that nobody trusts. A getter or a proxy may run code in the middle of a copy, throw, answer
 * differently each time or send a message itself. So everything is read once, what was read is what is copied, and
 * nothing of the sender's gets into the copy except primitives.
 */
import { isUint8Array } from 'node:util/types';
import { isErrorKind, TroupeError, toTroupeError } from '../errors.ts';
import { isBytes, lengthOf } from './bytes.ts';
import { isKeptFrozen } from './frozen.ts';
import type { Payload } from './payload.ts';
import { type CopierTools, LONG_TEXT, MISS } from './record_copier.ts';
import { refused, showPath, whyUnreadable, whyUnsendable } from './refusal.ts';
import { putOwn, ROOT, Shape } from './shape.ts';
import { slots } from '../slots.ts';

/** Containers inside one another; also what stops a cycle. */
const MAX_DEPTH = 200;
/**
 * Bytes of memory that one payload may take, by a rough count. Objects that are shared many times over (thirty of them
 * can stand for a billion) would otherwise grow without end where nothing can stop it.
 */
const MAX_SIZE = 2 ** 29;
const CONTAINER_SIZE = 48;
const VALUE_SIZE = 8;

/** Stands for a copy that was refused; `reason`, `trail` and `containers` then say why and where. */
const REFUSED = Symbol('refused');
let reason = '';
/** Keys and indexes from the refused value up to the root, and the containers they belong to. */
const trail: (string | number)[] = [];
const containers: object[] = [];
let tooDeep = false;

/** Values of the records that are being copied; those of a nested record lie above its container's. */
const values = slots<unknown>(256, undefined);
let top = 0;
let size = 0;
/** Of long texts and Bytes, which are shared and take no memory of the copy. */
let held = 0;
/** Of the last copy; see `copiedBytes`. */
let weight = 0;
/** Where what lies in records with very many keys keeps its copier: it is of no use there. */
const ANYWHERE = new Shape(undefined, '', new Uint8Array(0));

const hasOwn = Object.prototype.hasOwnProperty;
const prototypeOf = Object.getPrototypeOf;
const objectPrototype = Object.prototype;

/**
 * A private deep copy of a value of the payload space. Primitives come back as they are.
 *
 * Plain objects lose keys whose value is undefined, and symbol keys; holes and undefined in arrays become null; any
 * view of bytes becomes a Uint8Array with a buffer of its own; errors become TroupeErrors. Bytes, and what `keepFrozen` froze,
 * cannot change and are passed as they are.
 *
 * Throws INVALID, naming the place below `path`, for what cannot be sent: functions, symbols, class instances, cycles,
 * bigints beyond 64 bits, more than 200 levels or 512 MiB. Source: design section 4, semantics section 4.
 */
export function copyPayload(value: unknown, path = 'payload'): Payload {
  weight = 0;
  if (typeof value === 'string') {
    weight = value.length;
    return value;
  }
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined) return value;
  return copyRoot(value, path, -1);
}

/** A private copy of an error, without its details where they hold what cannot be sent. Throws what its getters throw. */
export function copyOfError(error: TroupeError): TroupeError {
  try {
    return copyPayload(error, 'error') as TroupeError;
  } catch {
    const { message, kind, retryable, stack } = error;
    return copyPayload(new TroupeError(message, { kind, retryable, stack }), 'error') as TroupeError;
  }
}

/** Roughly the bytes that what `copyPayload` or `copyPayloads` last answered keeps; short texts in it count nothing. */
export function copiedBytes(): number {
  return weight;
}

/** `copyPayload` of each; a refusal names the one it means: `payload[1].fn`, where there are several. */
export function copyPayloads(list: readonly unknown[], name = 'payload'): Payload[] {
  const count = list.length;
  const copies: Payload[] = [];
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const value = list[i];
    if (typeof value === 'string') {
      sum += value.length;
      copies.push(value);
    } else if (typeof value === 'number' || value === null || typeof value === 'boolean') {
      copies.push(value);
    } else {
      copies.push(copyRoot(value, name, count === 1 ? -1 : i));
      sum += weight;
    }
  }
  weight = sum;
  return copies;
}

/** `index`: which of several payloads it is, -1 for the only one. */
function copyRoot(value: unknown, path: string, index: number): Payload {
  // A getter may send a message while its own object is being copied: leave what lies below alone, and what it was counted.
  const base = top;
  const sizeBefore = size;
  const heldBefore = held;
  size = 0;
  held = 0;
  let copied: unknown;
  try {
    copied = copyValue(value, 1, ROOT);
  } catch (thrown) {
    // First what needs no room on the stack, of which there may be none left.
    top = base;
    size = sizeBefore;
    held = heldBefore;
    values.clearFrom(base);
    throw thrown;
  }
  weight = size + held;
  size = sizeBefore;
  held = heldBefore;
  if (copied !== REFUSED) return copied as Payload;
  top = base;
  values.clearFrom(base);
  throw refusal(index < 0 ? path : `${path}[${index}]`);
}

/** `node`: the shape up to the key that the value has; see `Shape.inner`. */
function copyValue(value: unknown, depth: number, node: Shape): unknown {
  switch (typeof value) {
    case 'object':
      return value === null ? null : copyContainer(value, depth, node);
    case 'string':
      if (value.length > LONG_TEXT) held += value.length;
      return value;
    case 'bigint':
      if (BigInt.asIntN(64, value) === value || BigInt.asUintN(64, value) === value) return value;
      return refuse(whyUnsendable(value));
    case 'function':
    case 'symbol':
      return refuse(whyUnsendable(value));
    default:
      return value;
  }
}

function copyContainer(value: object, depth: number, node: Shape): unknown {
  if (depth > MAX_DEPTH) {
    refuse(`nested deeper than ${MAX_DEPTH} levels; send it flatter or in parts`);
    tooDeep = true;
    containers.push(value);
    return REFUSED;
  }
  try {
    if (isKeptFrozen(value)) {
      size += CONTAINER_SIZE;
      return value;
    }
    if (Array.isArray(value)) return copyArray(value, depth, node);
    const prototype = prototypeOf(value);
    if (prototype === objectPrototype || prototype === null) {
      size += CONTAINER_SIZE;
      if (size > MAX_SIZE) return refuseSize();
      const { inner } = node;
      if (inner !== undefined) {
        let copy = inner(value, depth);
        if (copy !== MISS) return copy;
        if (node.secondInner !== undefined) {
          copy = node.secondInner(value, depth);
          if (copy !== MISS) return copy;
        }
      }
      return copyRecord(value as Record<string, unknown>, depth, node);
    }
    if (isBytes(value)) {
      size += CONTAINER_SIZE;
      held += value.length;
      return value;
    }
    if (isUint8Array(value)) return copyBytes(value);
    if (value instanceof TroupeError) return copyError(value, depth, node);
    if (value instanceof Error) return copyError(toTroupeError(value), depth, node);
  } catch (thrown) {
    return refuse(whyUnreadable(thrown));
  }
  return refuse(whyUnsendable(value));
}

/** Called by `inner` copiers with an object of these functions: see there. */
const tools: CopierTools = { value: copyValue, refused: REFUSED, refuseWithin, withoutUndefined };

function withoutUndefined(keys: readonly string[], list: readonly unknown[]): object {
  const record: Record<string, unknown> = {};
  for (let i = 0; i < keys.length; i++) if (list[i] !== undefined) putOwn(record, keys[i], list[i]);
  return record;
}

function copyRecord(source: Record<string, unknown>, depth: number, node: Shape): unknown {
  const base = top;
  let shape: Shape = ROOT;
  let wide: Record<string, unknown> | undefined;
  for (const key in source) {
    if (!hasOwn.call(source, key)) continue;
    let item = source[key];
    if (item === undefined) continue;
    let next: Shape | undefined;
    if (wide === undefined) next = shape.nextKey === key ? shape.next : shape.step(key);
    if (
      typeof item === 'string'
        ? item.length > LONG_TEXT
        : typeof item !== 'number' && item !== null && typeof item !== 'boolean'
    ) {
      item = copyValue(item, depth + 1, next ?? ANYWHERE);
      if (item === REFUSED) return refuseWithin(key, source);
    }
    if (next !== undefined) {
      shape = next;
      values[top++] = item;
      continue;
    }
    if (wide === undefined) {
      top = base;
      wide = shape.build(values, base);
    }
    size += VALUE_SIZE;
    if (size > MAX_SIZE) return refuseSize();
    putOwn(wide, key, item);
  }
  if (wide !== undefined) return wide;
  top = base;
  shape.copiedAt(node, tools);
  return shape.build(values, base);
}

function copyArray(source: readonly unknown[], depth: number, node: Shape): unknown {
  // The length of a proxy can be anything: `new Array` of an object would put that object into the copy.
  const length = source.length >>> 0;
  size += CONTAINER_SIZE + VALUE_SIZE * length;
  if (size > MAX_SIZE) return refuseSize();
  const copy: unknown[] = [];
  for (let i = 0; i < length; i++) {
    let item = source[i];
    if (
      typeof item === 'string'
        ? item.length > LONG_TEXT
        : typeof item !== 'number' && item !== null && typeof item !== 'boolean'
    ) {
      item = item === undefined ? null : copyValue(item, depth + 1, node);
      if (item === REFUSED) return refuseWithin(i, source);
    }
    copy.push(item);
  }
  return copy;
}

function copyBytes(source: Uint8Array): unknown {
  size += CONTAINER_SIZE + lengthOf.call(source);
  return size > MAX_SIZE ? refuseSize() : new Uint8Array(source);
}

/** Field by field with its type checked: on a guest's error each of them may have been set to anything. */
function copyError(source: TroupeError, depth: number, node: Shape): unknown {
  const { message, kind, retryable, stack } = source as { [field in keyof TroupeError]: unknown };
  const details: unknown = source.details;
  let copied: unknown;
  if (details !== undefined && details !== null) {
    copied = isPlain(details) ? copyValue(details, depth + 1, node) : refuse('details must be a plain object');
    if (copied === REFUSED) return refuseWithin('details', source);
  }
  return new TroupeError(typeof message === 'string' ? message : '', {
    kind: isErrorKind(kind) ? kind : 'UNKNOWN',
    retryable: typeof retryable === 'boolean' ? retryable : undefined,
    details: copied as TroupeError['details'],
    stack: typeof stack === 'string' ? stack : undefined,
  });
}

function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = prototypeOf(value);
  return prototype === objectPrototype || prototype === null;
}

function refuse(why: string): typeof REFUSED {
  reason = why;
  tooDeep = false;
  trail.length = 0;
  containers.length = 0;
  return REFUSED;
}

function refuseSize(): typeof REFUSED {
  return refuse(`larger than ${MAX_SIZE / 2 ** 20} MiB; send it in parts`);
}

function refuseWithin(segment: string | number, container: object): typeof REFUSED {
  trail.push(segment);
  containers.push(container);
  return REFUSED;
}

/** What the last refusal says. A container that comes twice on the way down is a cycle, not a deep value. */
function refusal(root: string): TroupeError {
  const segments = trail.slice().reverse();
  const way = containers.slice().reverse();
  containers.length = 0;
  if (tooDeep) {
    const seen = new Map<object, number>();
    for (let i = 0; i < way.length; i++) {
      const first = seen.get(way[i]);
      if (first !== undefined) {
        const back = showPath(root, segments.slice(0, first));
        return refused(showPath(root, segments.slice(0, i)), `is ${back} again; a cycle cannot be sent`);
      }
      seen.set(way[i], i);
    }
  }
  return refused(showPath(root, segments), reason);
}
