/** The id of an entry as it is registered: one without a namespace is of the namespace of `from`, which is a full id. */
export function fullId(id: string, from: string): string {
  return id.includes(':') ? id : `${from.slice(0, from.indexOf(':'))}:${id}`;
}
