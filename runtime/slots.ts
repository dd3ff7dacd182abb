/**
 * An array to put things into by index, and nothing else: it inherits nothing. Where TypeScript is contained the
 * prototypes of ordinary arrays are frozen, and V8 then takes five times as long for each `array[i] = x`, and fifty times
 * where nothing was at `i` before. (`push` and literals are as fast as ever.)
 */
export interface Slots<T> {
  [index: number]: T;
  readonly length: number;
  /** Put `undefined` into all from `index` on. */
  clearFrom(this: Slots<T | undefined>, index: number): void;
}

class SlotArray extends Array<unknown> {
  clearFrom(index: number): void {
    for (let i = index; i < this.length; i++) this[i] = undefined;
  }
}
Object.setPrototypeOf(SlotArray.prototype, null);

/** So many slots with the same thing in all of them. It grows as it is written to behind its end. */
export function slots<T>(count: number, filling: T): Slots<T> {
  const made = new SlotArray(count);
  for (let i = 0; i < count; i++) made[i] = filling;
  return made as unknown as Slots<T>;
}
