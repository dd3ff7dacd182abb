/** Freezing what processes share. */

/**
 * Freeze functions, their prototypes, and plain objects and arrays, with all that is reachable through their own
 * properties. Instances of classes are left alone: only who made them knows what must stay changeable.
 */
export function freezeShared(value: unknown, seen = new Set<object>()): void {
  const isFunction = typeof value === 'function';
  if ((typeof value !== 'object' && !isFunction) || value === null || seen.has(value)) return;
  if (!isFunction && !isPlain(value)) return;
  seen.add(value);
  Object.freeze(value);
  for (const key of Reflect.ownKeys(value)) {
    const property = Object.getOwnPropertyDescriptor(value, key)!;
    if (key === 'prototype' && isFunction && typeof property.value === 'object' && property.value !== null) {
      freezePrototype(property.value, seen);
      continue;
    }
    freezeShared(property.value, seen);
    freezeShared(property.get, seen);
    freezeShared(property.set, seen);
  }
}

function freezePrototype(prototype: object, seen: Set<object>): void {
  if (seen.has(prototype)) return;
  seen.add(prototype);
  Object.freeze(prototype);
  for (const key of Reflect.ownKeys(prototype)) {
    const property = Object.getOwnPropertyDescriptor(prototype, key)!;
    freezeShared(property.value, seen);
    freezeShared(property.get, seen);
    freezeShared(property.set, seen);
  }
}

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
