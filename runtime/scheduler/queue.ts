import { type Slots, slots } from '../slots.ts';

/**
 * A growing ring with a power-of-two capacity: the queue under run queues and mailboxes. Emptied slots are cleared at
 * once, so that nothing dead is kept alive: garbage that a run queue holds on to grows old and is expensive to collect.
 */
export class Queue<T> {
  #items: Slots<T | undefined>;
  #head = 0;
  #size = 0;

  constructor(capacity = 8) {
    this.#items = slots<T | undefined>(capacity, undefined);
  }

  get size(): number {
    return this.#size;
  }

  push(item: T): void {
    let items = this.#items;
    if (this.#size === items.length) {
      this.#grow();
      items = this.#items;
    }
    items[(this.#head + this.#size) & (items.length - 1)] = item;
    this.#size++;
  }

  /** The oldest item, or undefined. */
  shift(): T | undefined {
    if (this.#size === 0) return undefined;
    const items = this.#items;
    const head = this.#head;
    const item = items[head];
    items[head] = undefined;
    this.#head = (head + 1) & (items.length - 1);
    // A burst must not leave its high-water mark behind: an emptied big ring is given back.
    if (--this.#size === 0 && items.length > 4096) {
      this.#items = slots<T | undefined>(8, undefined);
      this.#head = 0;
    }
    return item;
  }

  /** Put an item before the oldest one. */
  unshift(item: T): void {
    if (this.#size === this.#items.length) this.#grow();
    this.#head = (this.#head - 1) & (this.#items.length - 1);
    this.#items[this.#head] = item;
    this.#size++;
  }

  /** The youngest item, or undefined. */
  pop(): T | undefined {
    if (this.#size === 0) return undefined;
    const items = this.#items;
    const at = (this.#head + --this.#size) & (items.length - 1);
    const item = items[at];
    items[at] = undefined;
    if (this.#size === 0 && items.length > 4096) this.clear();
    return item;
  }

  /** The item `index` places behind the oldest one. */
  at(index: number): T | undefined {
    return index < this.#size ? this.#items[(this.#head + index) & (this.#items.length - 1)] : undefined;
  }

  clear(): void {
    this.#items = slots<T | undefined>(8, undefined);
    this.#head = 0;
    this.#size = 0;
  }

  #grow(): void {
    const old = this.#items;
    const items = slots<T | undefined>(old.length * 2, undefined);
    for (let i = 0; i < this.#size; i++) items[i] = old[(this.#head + i) & (old.length - 1)];
    this.#items = items;
    this.#head = 0;
  }
}
