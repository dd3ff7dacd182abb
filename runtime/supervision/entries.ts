/** What entries of a deployment say to supervisors (semantics section 7). */
import type { Payload } from '../payload/payload.ts';
import type { Entry } from '../registry/entry.ts';
import { dataOf } from '../registry/kinds.ts';
import { type IdentitySettings, identityOf } from '../security/identity_settings.ts';
import type { IdentifiedRequest } from '../security/identity.ts';
import type { ChildSpecification } from './specification.ts';

type Entries = ReadonlyMap<string, Entry>;
type Identity = { readonly [key: string]: Payload } | undefined;

/** What a child is, as far as its supervisor treats the two differently. */
export function kindOf(process: string, entries: Entries): ChildSpecification['kind'] {
  return entries.get(process)?.kind === 'process.supervisor' ? 'supervisor' : 'worker';
}

/** The entry whose code a child runs. */
export function codeOf({ process }: ChildSpecification, entries: Entries): string {
  const entry = entries.get(process);
  return (entry === undefined ? undefined : dataOf(entry, 'process.service')?.process) ?? process;
}

/** For whom the children of a `process.supervisor` act: its `lifecycle.security`; undefined: for whom it acts itself. */
export function identityOfChildren(entry: Entry, entries: Entries): Identity {
  const data = dataOf(entry, 'process.supervisor');
  return data === undefined ? undefined : identityOf(entries, data.lifecycle.security as IdentitySettings);
}

/** What to spawn for a child, as the entries are now; the arguments are not private to it yet. `identity`: for whom it acts. */
export function requestOf(child: ChildSpecification, entries: Entries, identity: Identity): IdentifiedRequest {
  const { process, host, input, name } = child;
  const entry = entries.get(process);
  const service = entry === undefined ? undefined : dataOf(entry, 'process.service');
  if (service === undefined) {
    const own = entry === undefined ? undefined : dataOf(entry, 'process.supervisor')?.lifecycle.name;
    return { id: process, host, args: input, name: name ?? own, identity };
  }
  const { lifecycle } = service;
  return {
    id: service.process,
    host: service.host,
    args: service.input as Payload[],
    name: name ?? lifecycle.name,
    identity: identityOf(entries, lifecycle.security as IdentitySettings) ?? identity,
  };
}
