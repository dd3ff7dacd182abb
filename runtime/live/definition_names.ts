/** How an entry that is set says which one it is: `namespace` and `name`, or `id` for both. */
import type { Payload } from '../payload/payload.ts';

/** With `namespace` and `name` in the place of `id`, where that is a text; else the id is one key too many. */
export function withNames(
  definition: { readonly [key: string]: Payload },
  namespace: string | undefined,
): { readonly [key: string]: Payload } {
  const { id, ...rest } = definition;
  const otherwise = namespace === undefined ? {} : { namespace };
  if (typeof id !== 'string' || 'name' in rest || 'namespace' in rest) return { ...otherwise, ...definition };
  const colon = id.indexOf(':');
  if (colon < 0) return { ...otherwise, ...rest, name: id };
  return { ...rest, namespace: id.slice(0, colon), name: id.slice(colon + 1) };
}
