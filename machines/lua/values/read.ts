/**
 * Lua values as payloads, read straight from memory: no call, no allocation in Lua, nothing of the program runs.
 *
 * - A table whose keys are 1..n is an array. So is one with holes, as long as at least half of 1..n is there: holes
 *   become null. An empty table is an empty array, unless it came from an empty object (`write.ts`).
 * - Any other table is an object; whole-number keys become decimal text. Other keys are refused.
 * - Strings that are valid UTF-8 are text, others are bytes.
 * - Whole numbers beyond 2^53 are bigint. Floats without a fraction become whole numbers on their way.
 * - Metatables do not travel: what arrives is the table's own content.
 */
import { isErrorKind, TroupeError } from '../../../runtime/errors.ts';
import type { Payload } from '../../../runtime/machine.ts';
import { copyPayload } from '../../../runtime/payload/copy.ts';
import { refused, showPath } from '../../../runtime/payload/refusal.ts';
import {
  LIMIT_IS_HINT,
  NODE_KEY,
  NODE_KEY_TAG,
  NODE_SIZE,
  TABLE_ARRAY,
  TABLE_FLAGS,
  TABLE_LIMIT,
  TABLE_LOG_NODES,
  TABLE_METATABLE,
  TABLE_NODES,
  Tag,
  TYPE_MASK,
  Type,
  TYPE_NAMES,
  VALUE_SIZE,
  VALUE_TAG,
} from '../vm/layout.ts';
import type { Memory } from '../vm/memory.ts';
import type { Text } from '../vm/text.ts';
import type { HeldPayloads } from '../held_payloads.ts';
import { ERROR_RETRYABLE, ErrorValue, HELD_NUMBER, Kind, KINDS, Retry } from './kinds.ts';
import { nanosecondsNumber, nanosecondsOf, readDuration, readMoment } from './times.ts';

/** The same bounds as for payloads of other languages (`runtime/payload/copy.ts`). */
const MAX_DEPTH = 200;
/**
 * What one payload can hold, so that reading it holds no thread for long, and a small state that has a large text in many
 * places, or tables that hold one another many times over, becomes no huge one outside. A number counts 1, a text 2, a
 * field with a name 3, a table 6; in a table with very many names a field takes much longer. A million takes about 100 ms.
 */
const MAX_WEIGHT = 2 ** 20;
const TEXT_WEIGHT = 2;
const TABLE_WEIGHT = 6;
const FIELD_WEIGHT = 3;
const MANY_FIELDS = 4096;
const FIELD_OF_MANY_WEIGHT = 16;
const TOO_MANY = 'more values than one message can hold; send them in parts';
/** What a value takes outside, for each unit of its weight. */
const BYTES_OF_WEIGHT = 16;
/** Bytes of text in one payload. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Stands for a value that cannot be sent; `#reason` and `#trail` say why and where. */
const REFUSED = Symbol('refused');

export class PayloadReader {
  readonly #memory: Memory;
  readonly #text: Text;
  #reason = '';
  /** Keys from the refused value up to the root. */
  readonly #trail: (string | number)[] = [];
  /** The tables that are being read, outermost first. */
  readonly #within: number[] = [];
  #weight = 0;
  #bytes = 0;
  #heldBytes = 0;
  /** Metatable that marks an empty table as an object, of the state being read; 0 where there is none. */
  objectMark = 0;
  /** Payloads that the process being read holds outside; undefined where there were none. */
  held: HeldPayloads | undefined = undefined;

  constructor(memory: Memory, text: Text) {
    this.#memory = memory;
    this.#text = text;
  }

  /** Roughly the bytes that what was read last keeps. */
  get size(): number {
    return this.#bytes + this.#heldBytes + this.#weight * BYTES_OF_WEIGHT;
  }

  /**
   * The value at `address`; a `further` one of the same message shares its bounds. Throws INVALID, naming the place below
   * `path`, for what cannot be sent.
   */
  read(address: number, path = 'payload', further = false): Payload {
    if (!further) {
      this.#weight = 0;
      this.#bytes = 0;
      this.#heldBytes = 0;
    }
    const value = this.#value(address, 0);
    if (value !== REFUSED) return value as Payload;
    const place = showPath(path, this.#trail.reverse());
    this.#trail.length = 0;
    throw refused(place, this.#reason);
  }

  #value(address: number, depth: number): Payload | typeof REFUSED {
    const { u8, i32, f64 } = this.#memory;
    const tag = u8[(address + VALUE_TAG) >>> 0];
    switch (tag) {
      case Tag.Integer: {
        const low = i32[address >>> 2];
        const high = i32[(address >>> 2) + 1];
        if (high === low >> 31) return low;
        const value = high * 4_294_967_296 + (low >>> 0);
        return Number.isSafeInteger(value) ? value : (BigInt(high) << 32n) | BigInt(low >>> 0);
      }
      case Tag.Float:
        return f64[address >>> 3];
      case Tag.ShortString:
        if ((this.#weight += TEXT_WEIGHT) > MAX_WEIGHT) return this.#refuse(TOO_MANY);
        return this.#text.read(i32[address >>> 2], tag);
      case Tag.LongString: {
        const string = i32[address >>> 2];
        if ((this.#weight += TEXT_WEIGHT) > MAX_WEIGHT) return this.#refuse(TOO_MANY);
        this.#bytes += this.#text.length(string, tag);
        if (this.#bytes > MAX_BYTES) return this.#refuse('more than 16 MiB of text; send it in parts');
        return this.#text.read(string, tag);
      }
      case Tag.True:
        return true;
      case Tag.False:
        return false;
      case Tag.Table:
        return this.#table(i32[address >>> 2], depth);
      case Tag.Userdata:
        return this.#object(this.data(address), depth);
      default:
        return (tag & TYPE_MASK) === Type.Nil ? null : this.#refuse(`${TYPE_NAMES[tag & TYPE_MASK]} cannot be sent`);
    }
  }

  #table(table: number, depth: number): Payload | typeof REFUSED {
    if (depth >= MAX_DEPTH) return this.#refuse(this.#tooDeep(table));
    this.#within[depth] = table;
    const { u8, i32 } = this.#memory;
    const array = i32[(table + TABLE_ARRAY) >>> 2];
    const size = this.#arraySize(table);
    const nodes = i32[(table + TABLE_NODES) >>> 2];
    const end = nodes + (NODE_SIZE << u8[(table + TABLE_LOG_NODES) >>> 0]);

    // What there is: `present` values in the array part, `whole` further keys that are whole numbers, `named` others.
    let present = 0;
    let last = 0;
    for (let i = 0, at = array + VALUE_TAG; i < size; i++, at += VALUE_SIZE) {
      if ((u8[at >>> 0] & TYPE_MASK) !== Type.Nil) {
        present++;
        last = i + 1;
      }
    }
    let whole = 0;
    let named = 0;
    for (let node = nodes; node < end; node += NODE_SIZE) {
      if ((u8[(node + VALUE_TAG) >>> 0] & TYPE_MASK) === Type.Nil) continue;
      const key = u8[(node + NODE_KEY_TAG) >>> 0];
      if (key === Tag.ShortString || key === Tag.LongString) {
        named++;
      } else if (key === Tag.Integer) {
        const value = this.#wholeKey(node);
        whole++;
        if (value >= 1) last = Math.max(last, value);
        else named++;
      } else {
        return this.#refuse(`has a ${TYPE_NAMES[key & TYPE_MASK]} as key; keys are strings or whole numbers`);
      }
    }
    const values = present + whole;
    this.#weight += TABLE_WEIGHT + values + named * (named > MANY_FIELDS ? FIELD_OF_MANY_WEIGHT : FIELD_WEIGHT);
    if (this.#weight > MAX_WEIGHT) return this.#refuse(TOO_MANY);
    if (named === 0 && values === 0) {
      const mark = i32[(table + TABLE_METATABLE) >>> 2];
      return mark !== 0 && mark === this.objectMark ? {} : [];
    }
    if (named === 0 && last <= 2 * values) return this.#list(array, size, last, whole > 0 ? nodes : end, end, depth);

    const object: { [key: string]: Payload } = {};
    for (let i = 0, at = array; i < size; i++, at += VALUE_SIZE) {
      if ((this.#memory.u8[(at + VALUE_TAG) >>> 0] & TYPE_MASK) === Type.Nil) continue;
      const value = this.#value(at, depth + 1);
      if (value === REFUSED) return this.#refuseWithin(i + 1);
      object[i + 1] = value as Payload;
    }
    for (let node = nodes; node < end; node += NODE_SIZE) {
      if ((u8[(node + VALUE_TAG) >>> 0] & TYPE_MASK) === Type.Nil) continue;
      const key = u8[(node + NODE_KEY_TAG) >>> 0];
      const name =
        key === Tag.Integer ? String(this.#wholeKey(node)) : this.#text.read(i32[(node + NODE_KEY) >>> 2], key);
      if (typeof name !== 'string') return this.#refuse('has a key that is not UTF-8 text');
      const value = this.#value(node, depth + 1);
      if (value === REFUSED) return this.#refuseWithin(name);
      if (name === '__proto__') define(object, name, value as Payload);
      else object[name] = value as Payload;
    }
    return object;
  }

  /** Items 1..`last` from the array part and the nodes `from`..`end`. */
  #list(array: number, size: number, last: number, from: number, end: number, depth: number): Payload | typeof REFUSED {
    const list: Payload[] = [];
    const inArray = Math.min(size, last);
    for (let i = 0, at = array; i < inArray; i++, at += VALUE_SIZE) {
      const value = this.#value(at, depth + 1);
      if (value === REFUSED) return this.#refuseWithin(i + 1);
      list.push(value as Payload);
    }
    for (let i = inArray; i < last; i++) list.push(null);
    for (let node = from; node < end; node += NODE_SIZE) {
      if ((this.#memory.u8[(node + VALUE_TAG) >>> 0] & TYPE_MASK) === Type.Nil) continue;
      const key = this.#wholeKey(node);
      const value = this.#value(node, depth + 1);
      if (value === REFUSED) return this.#refuseWithin(key);
      list[key - 1] = value as Payload;
    }
    return list;
  }

  /** Lua may keep a smaller limit than the array has; the real size is then the next power of two. */
  #arraySize(table: number): number {
    const { u8, i32 } = this.#memory;
    const limit = i32[(table + TABLE_LIMIT) >>> 2];
    if ((u8[(table + TABLE_FLAGS) >>> 0] & LIMIT_IS_HINT) === 0 || (limit & (limit - 1)) === 0) return limit;
    return 2 ** (32 - Math.clz32(limit));
  }

  #wholeKey(node: number): number {
    const { i32 } = this.#memory;
    const at = (node + NODE_KEY) >>> 2;
    return i32[at + 1] * 4_294_967_296 + (i32[at] >>> 0);
  }

  /** Memory of the userdata whose value is at `address`; its first word is a `Kind`. */
  data(address: number): number {
    const { i32, u8 } = this.#memory;
    const object = i32[address >>> 2];
    const values = u8[(object + 6) >>> 0] | (u8[(object + 7) >>> 0] << 8);
    return object + 24 + VALUE_SIZE * values;
  }

  /** Address of value `index` (from 1) of the object whose memory is at `data`. */
  objectValue(data: number, index: number): number {
    return data - VALUE_SIZE * (KINDS[this.#memory.i32[data >>> 2]].values - index + 1);
  }

  #object(data: number, depth: number): Payload | typeof REFUSED {
    const kind = this.#memory.i32[data >>> 2];
    if (kind === Kind.Error) return this.#error(data, depth);
    if (kind === Kind.Payload) return this.#value(this.objectValue(data, 1), depth);
    if (kind === Kind.HeldPayload) return this.#held(data, depth);
    if (kind === Kind.Time) return nanosecondsNumber(nanosecondsOf(readMoment(this.#memory, data)));
    if (kind === Kind.Duration) return nanosecondsNumber(readDuration(this.#memory, data));
    const instead = kind === Kind.Message || kind === Kind.HeldMessage ? '; send its data: msg:payload():data()' : '';
    return this.#refuse(`${KINDS[kind].name} cannot be sent${instead}`);
  }

  /** What is held goes on as it came; what can change in it is copied, since it may be sent again. */
  #held(data: number, depth: number): Payload | typeof REFUSED {
    const number = this.#memory.i32[(data + HELD_NUMBER) >>> 2];
    if (number === 0) return this.#value(this.objectValue(data, 1), depth);
    this.#heldBytes += this.held!.bytesOf(number);
    return copyPayload(this.held!.get(number) ?? null);
  }

  #error(data: number, depth: number): TroupeError | typeof REFUSED {
    const retry = this.#memory.i32[(data + ERROR_RETRYABLE) >>> 2];
    const message = this.#value(this.objectValue(data, ErrorValue.Message), depth);
    const kind = this.#value(this.objectValue(data, ErrorValue.Kind), depth);
    const stack = this.#value(this.objectValue(data, ErrorValue.Stack), depth);
    const details = this.#value(this.objectValue(data, ErrorValue.Details), depth + 1);
    if (details === REFUSED) return this.#refuseWithin('details');
    const object = typeof details === 'object' && details !== null && !Array.isArray(details);
    return new TroupeError(typeof message === 'string' ? message : '', {
      kind: isErrorKind(kind) ? kind : 'UNKNOWN',
      retryable: retry === Retry.Unknown ? undefined : retry === Retry.Yes,
      details: object ? (details as { [key: string]: unknown }) : undefined,
      stack: typeof stack === 'string' ? stack : undefined,
    });
  }

  #tooDeep(table: number): string {
    const first = this.#within.indexOf(table);
    return first >= 0 && first < MAX_DEPTH
      ? 'a table that contains itself cannot be sent'
      : `nested deeper than ${MAX_DEPTH} levels; send it flatter or in parts`;
  }

  #refuse(reason: string): typeof REFUSED {
    this.#reason = reason;
    this.#trail.length = 0;
    return REFUSED;
  }

  #refuseWithin(key: string | number): typeof REFUSED {
    this.#trail.push(key);
    return REFUSED;
  }
}

function define(object: { [key: string]: Payload }, key: string, value: Payload): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}
