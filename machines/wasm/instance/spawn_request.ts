import { TroupeError } from '../../../runtime/errors.ts';
import type { Payload, SpawnRequest } from '../../../runtime/machine.ts';
import { isMap } from '../../../runtime/payload/payload.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** For whom a child is to act. */
export interface RequestActor {
  readonly id: string;
  readonly meta?: { readonly [key: string]: Payload };
}

/** A spawn as a guest asks for it. */
export interface GuestRequest extends SpawnRequest {
  readonly actor?: RequestActor;
  /** Ids of policies. */
  readonly scope?: readonly string[];
}

interface Field {
  readonly fits: (value: Payload) => boolean;
  /** For errors. */
  readonly wanted: string;
}

const isText = (value: Payload): boolean => typeof value === 'string';
const text: Field = { fits: isText, wanted: 'text' };
const flag: Field = { fits: value => typeof value === 'boolean', wanted: 'true or false' };

/** Of what the request of a program has; the rest is the runtime's own. */
const FIELDS: { readonly [key in Exclude<keyof GuestRequest, 'exclusive' | 'announce'>]-?: Field } = {
  id: text,
  host: text,
  args: { fits: value => Array.isArray(value), wanted: 'a list' },
  monitor: flag,
  link: flag,
  name: text,
  messages: {
    fits: value => Array.isArray(value) && value.every(item => Array.isArray(item) && isText(item[0])),
    wanted: 'a list of [topic, payload...] lists',
  },
  context: { fits: isMap, wanted: 'a map' },
  timeout: { fits: value => typeof value === 'number' && value > 0, wanted: 'milliseconds above 0' },
  method: text,
  call: flag,
  actor: { fits: isActor, wanted: 'a map {id, meta?} with a text and a map' },
  scope: { fits: value => Array.isArray(value) && value.every(isText), wanted: 'a list of ids of policies' },
};

/** The map that `spawn_with`, `exec_with` and `start_exec` take, as a request; or what is wrong with it (INVALID). */
export function spawnRequest(map: { readonly [key: string]: Payload }): GuestRequest | TroupeError {
  const request: Mutable<GuestRequest> = { id: '' };
  for (const [key, value] of Object.entries(map)) {
    if (!Object.hasOwn(FIELDS, key)) {
      return invalid(`the spawn request has no field "${key}"; there are ${Object.keys(FIELDS).join(', ')}`);
    }
    if (value === null) continue;
    const { fits, wanted } = FIELDS[key as keyof typeof FIELDS];
    if (!fits(value)) return invalid(`${key} of the spawn request: ${wanted} is wanted`);
    if (key === 'messages') request.messages = queued(value as readonly (readonly [string, ...Payload[]])[]);
    else (request as { [key: string]: unknown })[key] = value;
  }
  return request.id === '' ? invalid('the spawn request has no id') : request;
}

function queued(list: readonly (readonly [string, ...Payload[]])[]): SpawnRequest['messages'] {
  return list.map(([topic, ...payloads]) => ({ topic, payloads }));
}

function isActor(value: Payload): boolean {
  if (!isMap(value) || !isText(value.id) || value.id === '') return false;
  const { meta } = value;
  return Object.keys(value).every(key => key === 'id' || key === 'meta') && (meta === undefined || isMap(meta));
}

function invalid(message: string): TroupeError {
  return new TroupeError(message, { kind: 'INVALID', retryable: false });
}
