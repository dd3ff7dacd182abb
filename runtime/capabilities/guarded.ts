import type { Guarded } from './capability.ts';

/**
 * The action of an operation, and a resource that is the same in every call: what is done, or which stream. For
 * operations whose first argument must not be the resource, since a key or a secret would stand in every record of a denial.
 */
export function guarded(action: string, resource: string): { action: string; guards: () => readonly Guarded[] } {
  const asked = Object.freeze([Object.freeze({ action, resource })]);
  return { action, guards: () => asked };
}
