/**
 * Objects that inherit from frozen prototypes, and have properties of the same names all the same. JavaScript refuses
 * `object.constructor = x`, because `Object.prototype` has a `constructor` that cannot be changed; not where that is an accessor.
 */

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
    Object.defineProperty(prototype, key, { get, set, enumerable, configurable: false });
  }
}
