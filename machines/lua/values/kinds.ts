/**
 * The host's own objects in Lua. Each is a full userdata: a few words of memory, the first of which says the kind, and
 * some Lua values beside it. Programs cannot make userdata, so the first word can be trusted.
 *
 * Everything an object is lies in Lua's memory; nothing points back to JavaScript.
 */

import {
  KIND_MESSAGE,
  KIND_PAYLOAD,
  MESSAGE_BYTES,
  MESSAGE_DATA,
  MESSAGE_FROM,
  MESSAGE_TOPIC,
  MESSAGE_VALUES,
  PAYLOAD_BYTES,
  PAYLOAD_VALUES,
} from '../vm/objects/object_map.ts';

export const Kind = {
  Channel: 1,
  Error: 2,
  Message: KIND_MESSAGE,
  Payload: KIND_PAYLOAD,
  Case: 5,
  Spawner: 6,
  Future: 7,
  Time: 8,
  Duration: 9,
  Location: 10,
  Actor: 11,
  Scope: 12,
  Policy: 13,
  Logger: 14,
  Regexp: 15,
  /** A message whose payload is held outside, and that payload: see `held_payloads.ts`. */
  HeldMessage: 16,
  HeldPayload: 17,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** By kind: what programs see as its type, bytes of memory, number of values: at least one, since without Lua lays it out differently. */
export const KINDS: readonly { readonly name: string; readonly bytes: number; readonly values: number }[] = [
  { name: '', bytes: 0, values: 0 },
  { name: 'channel', bytes: 40, values: 1 },
  { name: 'error', bytes: 8, values: 4 },
  { name: 'message', bytes: MESSAGE_BYTES, values: MESSAGE_VALUES },
  { name: 'payload', bytes: PAYLOAD_BYTES, values: PAYLOAD_VALUES },
  { name: 'case', bytes: 8, values: 2 },
  { name: 'spawner', bytes: 4, values: 1 },
  { name: 'future', bytes: 12, values: 3 },
  // What these hold is in `times.ts`.
  { name: 'time', bytes: 16, values: 1 },
  { name: 'duration', bytes: 16, values: 1 },
  { name: 'location', bytes: 12, values: 1 },
  // One text of MessagePack each (`bindings/packed.ts`).
  { name: 'actor', bytes: 4, values: 1 },
  { name: 'scope', bytes: 4, values: 1 },
  { name: 'policy', bytes: 4, values: 1 },
  { name: 'logger', bytes: 4, values: 1 },
  { name: 'regexp', bytes: 4, values: 1 },
  { name: 'message', bytes: MESSAGE_BYTES, values: MESSAGE_VALUES },
  { name: 'payload', bytes: 8, values: PAYLOAD_VALUES },
];

/** Values of an error, from 1. Its second word is `Retry`. */
export const ErrorValue = { Message: 1, Kind: 2, Details: 3, Stack: 4 } as const;
export const ERROR_RETRYABLE = 4;
export const Retry = { Unknown: 0, Yes: 1, No: 2 } as const;

/** The number of a held payload; 0 once its value is in the object. */
export const HELD_NUMBER = 4;

/** Values of a message, from 1. */
export const MessageValue = { Topic: MESSAGE_TOPIC, From: MESSAGE_FROM, Data: MESSAGE_DATA } as const;
