/**
 * What the host's objects (`../../values/kinds.ts`) and the functions in WebAssembly that handle the most frequent of
 * them (`assembly/`) must agree on. Compiled by TypeScript and by AssemblyScript, so nothing but 32-bit integers.
 */

/** Kinds of objects, their bytes and their values. */
export const KIND_MESSAGE = 3;
export const MESSAGE_BYTES = 8;
export const MESSAGE_VALUES = 3;
export const KIND_PAYLOAD = 4;
export const PAYLOAD_BYTES = 4;
export const PAYLOAD_VALUES = 1;

/** Values of a message, from 1. */
export const MESSAGE_TOPIC = 1;
export const MESSAGE_FROM = 2;
export const MESSAGE_DATA = 3;

/** Key of a kind's metatable in the registry, less the kind. */
export const METATABLES = 10;

/** Words in page zero: addresses of the kinds' names for error messages, by kind. */
export const KIND_NAMES = 768;
