import { TroupeError } from '../../../runtime/errors.ts';
import type { Payload, SpawnRequest } from '../../../runtime/machine.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Checks = { readonly [key in keyof SpawnRequest]-?: (value: Payload) => boolean };

const isText = (value: Payload): boolean => typeof value === 'string';
const isFlag = (value: Payload): boolean => typeof value === 'boolean';
const isList = (value: Payload): boolean => Array.isArray(value);

const CHECKS: Checks = {
  id: isText,
  host: isText,
  args: isList,
  monitor: isFlag,
  link: isFlag,
  name: isText,
  messages: isList,
  context: value => typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array),
  timeout: value => typeof value === 'number' && value > 0,
  method: isText,
};

const WANTED: { readonly [key in keyof SpawnRequest]-?: string } = {
  id: 'text',
  host: 'text',
  args: 'a list',
  monitor: 'true or false',
  link: 'true or false',
  name: 'text',
  messages: 'a list of [topic, payload...] lists',
  context: 'a map',
  timeout: 'milliseconds above 0',
  method: 'text',
};

/** The map that `spawn_with`, `exec_with` and `start_exec` take, as a request; or what is wrong with it (INVALID). */
export function spawnRequest(map: { readonly [key: string]: Payload }): SpawnRequest | TroupeError {
  const request: Mutable<SpawnRequest> = { id: '' };
  for (const [key, value] of Object.entries(map)) {
    if (!Object.hasOwn(CHECKS, key)) {
      return invalid(`the spawn request has no field "${key}"; there are ${Object.keys(CHECKS).join(', ')}`);
    }
    const field = key as keyof SpawnRequest;
    if (value === null) continue;
    if (!CHECKS[field](value)) return invalid(`${field} of the spawn request: ${WANTED[field]} is wanted`);
    if (field === 'messages') {
      const messages = readMessages(value as readonly Payload[]);
      if (messages === undefined) return invalid(`messages of the spawn request: ${WANTED.messages} is wanted`);
      request.messages = messages;
    } else {
      (request as { [key: string]: Payload })[field] = value;
    }
  }
  return request.id === '' ? invalid('the spawn request has no id') : request;
}

function readMessages(list: readonly Payload[]): SpawnRequest['messages'] {
  const messages: { topic: string; payloads: readonly Payload[] }[] = [];
  for (const item of list) {
    if (!Array.isArray(item) || typeof item[0] !== 'string') return undefined;
    messages.push({ topic: item[0], payloads: item.slice(1) });
  }
  return messages;
}

function invalid(message: string): TroupeError {
  return new TroupeError(message, { kind: 'INVALID', retryable: false });
}
