/**
 * The key lists that records of payloads have, learned as they pass, so that a record met again is built by one object
 * literal instead of key by key, and its keys are written and recognised as ready-made bytes.
 *
 * Shapes form a tree: the root is the record without keys, every edge adds one key. Who walks a record steps from shape
 * to shape, lays the values on a stack, and asks the last shape to build the object:
 *
 *     let shape = ROOT;
 *     for (const key in record) {
 *       shape = shape.nextKey === key ? shape.next! : shape.step(key)!;
 *       values[top++] = record[key];
 *     }
 *     const built = shape.build(values, base);
 *
 * Keys come from programs that nobody trusts, so the tree is bounded: `step` answers undefined for what is not worth a
 * shape, and a full tree that no longer fits the traffic is thrown away and learned anew.
 */

import { type Slots, slots } from '../slots.ts';
import { type CopierTools, compileCopier, type RecordCopier } from './record_copier.ts';

/** Records with more keys are dictionaries: they are built key by key from here on. */
export const MAX_SHAPE_KEYS = 24;
/** UTF-8 bytes of a key: what MessagePack writes with a one-byte head. */
const MAX_KEY_BYTES = 31;
/** Bounds the memory of the tree (about 300 bytes each) and how long a flood of odd keys is being learned. */
const MAX_SHAPES = 4096;
/** Compiling costs about 20 us and saves about 100 ns a record: only what keeps coming is worth it. */
const COMPILE_AFTER = 64;
/** Each takes some kilobytes of code: beyond so many, records are copied by walking through their shapes. */
const MAX_COPIERS = 1024;

type Build = (values: Slots<unknown>, base: number) => Record<string, unknown>;

let learned = 0;
let missed = 0;
let copiers = 0;

/** Where code generation is switched off (`--disallow-code-generation-from-strings`), records are built key by key. */
const compiles = (() => {
  try {
    return new Function('return true')() === true;
  } catch {
    return false;
  }
})();

/** Sets an own property whatever the key: a plain assignment to `__proto__` would set the prototype. */
export function putOwn(record: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(record, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    record[key] = value;
  }
}

export class Shape {
  /** The most usual next key and the shape it leads to, compared first. */
  nextKey: string | undefined = undefined;
  next: Shape | undefined = undefined;
  /** The last key as MessagePack: a fixstr head and UTF-8. Empty for the root. */
  readonly encoded: Uint8Array;
  /** Copiers of the records that are met as the value of the last key, or in an array there. */
  inner: RecordCopier | undefined = undefined;
  secondInner: RecordCopier | undefined = undefined;
  /** The two kinds of records that were met there last, the long way. */
  #met: Shape | undefined = undefined;
  #metBefore: Shape | undefined = undefined;
  readonly #parent: Shape | undefined;
  readonly #key: string;
  readonly #size: number;
  #others: Map<string, Shape> | undefined = undefined;
  #keys: readonly string[] | undefined = undefined;
  #built = 0;
  #copied = 0;
  /** Copies records with exactly these keys, once they have come often enough. */
  #copier: RecordCopier | undefined = undefined;
  #build: Build | undefined = undefined;

  constructor(parent: Shape | undefined, key: string, encoded: Uint8Array) {
    this.#parent = parent;
    this.#key = key;
    this.#size = parent === undefined ? 0 : parent.#size + 1;
    this.encoded = encoded;
  }

  /** The shape with one more key; undefined where it has none, then the record is to be finished key by key. */
  step(key: string): Shape | undefined {
    if (this.nextKey === key) return this.next;
    const other = this.#others?.get(key);
    return other === undefined ? this.#learn(key) : other;
  }

  /**
   * An object with this shape's keys and the values from `base` on. The slots are cleared: the stack must not keep
   * alive what was sent. Of a key that comes twice the last value counts.
   */
  build(values: Slots<unknown>, base: number): Record<string, unknown> {
    const build = this.#build;
    return build === undefined ? this.#buildByKey(values, base) : build(values, base);
  }

  /**
   * A record of this shape was copied the long way, as the value of `node`'s last key. Only where few kinds of records take
   * turns there it is worth a copier: of many, each would be tried in vain most of the time.
   */
  copiedAt(node: Shape, tools: CopierTools): void {
    if (node.#met !== this && node.#metBefore !== this) {
      node.#metBefore = node.#met;
      node.#met = this;
      node.inner = undefined;
      node.secondInner = undefined;
      return;
    }
    if (this.#copier === undefined && ++this.#copied === COMPILE_AFTER && compiles && copiers < MAX_COPIERS) {
      copiers++;
      this.#copier = compileCopier((this.#keys ??= this.#listKeys()), this.#listNodes(), tools);
    }
    if (this.#copier === undefined || node.inner === this.#copier) return;
    node.secondInner = node.inner;
    node.inner = this.#copier;
  }

  #buildByKey(values: Slots<unknown>, base: number): Record<string, unknown> {
    const keys = (this.#keys ??= this.#listKeys());
    const record: Record<string, unknown> = {};
    for (let i = 0; i < keys.length; i++) {
      putOwn(record, keys[i], values[base + i]);
      values[base + i] = undefined;
    }
    if (++this.#built === COMPILE_AFTER && compiles) this.#build = compileBuild(keys);
    return record;
  }

  #listKeys(): string[] {
    const keys: string[] = [];
    for (let shape: Shape = this; shape.#parent !== undefined; shape = shape.#parent) keys.push(shape.#key);
    return keys.reverse();
  }

  #listNodes(): Shape[] {
    const nodes: Shape[] = [];
    for (let shape: Shape = this; shape.#parent !== undefined; shape = shape.#parent) nodes.push(shape);
    return nodes.reverse();
  }

  #learn(key: string): Shape | undefined {
    if (this.#size === MAX_SHAPE_KEYS || key.length > MAX_KEY_BYTES) return undefined;
    if (learned === MAX_SHAPES) {
      if (++missed === MAX_SHAPES) forget();
      return undefined;
    }
    const text = Buffer.from(key, 'utf8');
    // A lone surrogate has no UTF-8: its bytes would be those of another key.
    if (text.length > MAX_KEY_BYTES || text.toString('utf8') !== key) return undefined;
    const encoded = new Uint8Array(1 + text.length);
    encoded[0] = 0xa0 | text.length;
    encoded.set(text, 1);
    const shape = new Shape(this, key, encoded);
    learned++;
    if (this.next === undefined) {
      this.nextKey = key;
      this.next = shape;
    } else {
      (this.#others ??= new Map()).set(key, shape);
    }
    return shape;
  }

  /** Lets go of all shapes below; those in use at the moment stay valid for who holds them. */
  clear(): void {
    this.nextKey = undefined;
    this.next = undefined;
    this.#others = undefined;
    this.inner = undefined;
    this.secondInner = undefined;
    this.#met = undefined;
    this.#metBefore = undefined;
  }
}

/** The shape of the record without keys: where every walk begins. */
export const ROOT = new Shape(undefined, '', new Uint8Array(0));

/** First keys by a hash of their encoded bytes, see `firstSlot`: a reader has bytes and no string to look up. */
export const FIRST = slots<Shape | undefined>(256, undefined);

/** The slot of `FIRST` for a key whose encoding begins with these three bytes. */
export function firstSlot(head: number, first: number, second: number): number {
  return (head * 31 + first * 7 + second) & 255;
}

function forget(): void {
  ROOT.clear();
  FIRST.clearFrom(0);
  learned = 0;
  missed = 0;
  copiers = 0;
}

/** Keys get into the code as JSON string literals only, and `__proto__` as a computed key, which makes it a plain one. */
function compileBuild(keys: readonly string[]): Build {
  const fields = keys.map((key, i) => {
    const name = JSON.stringify(key);
    return `${key === '__proto__' ? `[${name}]` : name}: values[base + ${i}]`;
  });
  const slots = keys.map((_, i) => `values[base + ${i}] = `);
  return new Function(
    'values',
    'base',
    `"use strict"; const record = {${fields.join(', ')}}; ${slots.join('')}undefined; return record;`,
  ) as Build;
}
