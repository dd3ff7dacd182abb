/**
 * What a process may change of the registry. Who may set an entry decides which code runs as it, on each host that runs
 * it; that much is what the grant of its id says. A pattern of ids gives no more than that: what decides who may do what, what
 * starts by itself, and what leads out of the runtime must be named one by one.
 */
import { TroupeError } from '../errors.ts';
import type { Declaration } from '../registry/declaration.ts';
import { type Entry, type EntryKind, type Place, showPlace } from '../registry/entry.ts';
import { SOURCE_KINDS } from '../registry/kinds/common.ts';
import type { OverlayItem } from '../registry/overlay.ts';
import { descend, textOf } from '../registry/tree.ts';
import { matchesGlob } from '../security/decision.ts';
import type { WriteGrant } from './change.ts';

/** One id, as it is and as it would be. */
export interface Touched {
  readonly id: string;
  readonly entry: Entry | undefined;
  /** Undefined: what the folder says comes back. */
  readonly item: OverlayItem | undefined;
  /** What the folder says of it. */
  readonly folder: Declaration | undefined;
}

/** `operation`: for messages. `place`: of the host that grants. PERMISSION_DENIED, or undefined: it may. */
export function refuseChange(
  operation: string,
  grant: WriteGrant,
  place: Place | undefined,
  touched: Touched,
): TroupeError | undefined {
  const { id, entry, item, folder } = touched;
  if (grant.write === true || grant.write.includes(id)) return undefined;
  if (!grant.write.some(glob => matchesGlob(glob, id))) {
    return notGranted(operation, grant.host, place, `does not allow to change ${id}; add "${id}" to write`);
  }
  const powerful = powerOf(grant, entry, item === undefined ? folder : item.declaration);
  if (powerful === undefined) return undefined;
  const text = `allows to change ${id} by a pattern only, and ${powerful}; add "${id}" itself to write`;
  return notGranted(operation, grant.host, place, text);
}

/** Why what it sets may read no files of the deployment; undefined: it may. */
export function closedFor({ host, files }: WriteGrant, place: Place | undefined): string | undefined {
  if (files) return undefined;
  return `${host} does not allow that what its processes set reads files of the deployment; write the source inline, or say files: true ${under(place)}`;
}

/** PERMISSION_DENIED. `text` follows the id of the host, and says what to write under the capability. */
export function notGranted(operation: string, host: string, place: Place | undefined, text: string): TroupeError {
  return new TroupeError(`${operation}: ${host} ${text} ${under(place)}`, {
    kind: 'PERMISSION_DENIED',
    retryable: false,
  });
}

function under(place: Place | undefined): string {
  const where = place === undefined ? '' : ` (${showPlace(place)})`;
  return `under its capabilities: {registry: ...}${where}`;
}

/** Why a pattern is not enough, as the second half of a sentence; undefined: it is. */
function powerOf(
  { host }: WriteGrant,
  entry: Entry | undefined,
  declaration: Declaration | undefined,
): string | undefined {
  for (const kind of [entry?.kind, declaration?.kind]) {
    if (kind !== undefined && !isOrdinary(kind)) return `it is an entry of kind ${kind}`;
  }
  if (declaration === undefined) return undefined;
  const wanted = textOf(descend(declaration.tree, ['meta', 'default_host']));
  if (wanted === undefined) return undefined;
  const full = wanted.includes(':') ? wanted : `${declaration.namespace}:${wanted}`;
  return full === host || full === entry?.meta.default_host ? undefined : `it would run on ${full}`;
}

/** Programs and data. */
function isOrdinary(kind: EntryKind): boolean {
  return SOURCE_KINDS.has(kind) || kind === 'registry.entry';
}
