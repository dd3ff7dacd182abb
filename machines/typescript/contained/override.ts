/**
 * Objects that inherit from frozen prototypes, and have properties of the same names all the same. JavaScript refuses
 * `object.constructor = x`, because `Object.prototype` has a `constructor` that cannot be changed; not where that is an accessor.
 */

import { isProxy } from 'node:util/types';

/** Programs can make chains of any length. */
const MOST_PROTOTYPES = 10;

/** What such a property is for those that have none of their own, by its getter. */
const originals = new WeakMap<object, unknown>();

/** What an object has under the key, its own or inherited, without running code of a program; undefined for what that would take. */
export function plainProperty(object: object, key: PropertyKey): unknown {
  let at: object | null = object;
  for (let i = 0; i < MOST_PROTOTYPES && at !== null && !isProxy(at); i++) {
    const property = Reflect.getOwnPropertyDescriptor(at, key);
    if (property !== undefined) return property.get === undefined ? property.value : originals.get(property.get);
    at = Reflect.getPrototypeOf(at);
  }
  return undefined;
}

/** Make these properties of a prototype, which is about to be frozen, into ones that what inherits from it can have itself. */
export function letInstancesOverride(prototype: object, keys: readonly PropertyKey[]): void {
  for (const key of keys) {
    const property = Reflect.getOwnPropertyDescriptor(prototype, key);
    if (property === undefined || !('value' in property) || property.configurable !== true) continue;
    const { value: original, enumerable } = property as { value: unknown; enumerable?: boolean };
    // Methods, which are no constructors.
    const { get, set } = {
      get: () => original,
      set(this: object, value: unknown) {
        if (this === prototype) throw new TypeError(`${String(key)} of a shared prototype cannot be changed`);
        Object.defineProperty(this, key, { value, writable: true, enumerable: true, configurable: true });
      },
    };
    originals.set(get, original);
    Object.defineProperty(prototype, key, { get, set, enumerable, configurable: false });
  }
}
