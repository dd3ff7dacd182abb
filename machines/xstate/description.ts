/** The description of a machine, shared by all processes that run it. */

function isPlain(value: unknown): value is { [key: string]: unknown } {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Freeze plain objects and arrays, all the way down; functions and instances of classes are left as they are. */
export function freezeData(value: unknown): void {
  if (!Array.isArray(value) && !isPlain(value)) return;
  if (Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const item of Object.values(value)) freezeData(item);
}

/** Plain objects and arrays anew, all the way down; anything else is the same. */
function cloneData(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cloneData);
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, cloneData(item)]));
}

/** The same description, with a context that is made anew for each process where it was one object for all. */
export function privateContext(config: unknown): unknown {
  if (!isPlain(config) || !isPlain(config.context)) return config;
  const original = cloneData(config.context);
  return { ...config, context: () => cloneData(original) };
}
