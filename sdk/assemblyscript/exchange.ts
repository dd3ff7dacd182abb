// How calls pass texts and payloads to the host and get results back. Not for programs.
import { Encoder } from "./encoder";
import { take_result } from "./imports";

/** The payload that the next call gives. */
export const outgoing = new Encoder(1024);

let texts: usize = 0;
let textsCapacity: i32 = 0;
let textsUsed: i32 = 0;

/** Begin the texts of a call: `units` is how many UTF-16 units they have together. */
export function beginTexts(units: i32): void {
  const wanted = units * 3;
  if (wanted > textsCapacity || texts == 0) {
    textsCapacity = max(wanted, 1024);
    texts = texts == 0 ? heap.alloc(<usize>textsCapacity) : heap.realloc(texts, <usize>textsCapacity);
  }
  textsUsed = 0;
}

/** Length of the text that `putText` has written last. */
export let textLength: i32 = 0;

/** Write a text behind the others; answers its address. `beginTexts` has made room. */
export function putText(text: string): usize {
  const at = texts + <usize>textsUsed;
  textLength = <i32>String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, at);
  textsUsed += textLength;
  return at;
}

/** Where results are written, and how many bytes fit. */
export let area: usize = 0;
export let capacity: i32 = 0;

/** Call before a call that has a result. */
export function prepareArea(): void {
  if (area != 0) return;
  capacity = 2048;
  area = heap.alloc(<usize>capacity);
}

/** Call with what such a call answered: false for an error code; else the whole result is in the area. */
export function settle(length: i32): bool {
  if (length < 0) return false;
  if (length <= capacity) return true;
  capacity = length;
  area = heap.realloc(area, <usize>length);
  return take_result(area, length) >= 0;
}

/** The result as text. */
export function resultText(length: i32): string {
  return String.UTF8.decodeUnsafe(area, <usize>length);
}

/** The result as bytes of its own. */
export function resultBuffer(length: i32): ArrayBuffer {
  const copy = new ArrayBuffer(length);
  memory.copy(changetype<usize>(copy), area, <usize>length);
  return copy;
}

let incoming: usize = 0;
let incomingCapacity: i32 = 0;

/** Room for what the host gives to a handler; one area that is used again for the next. */
export function incomingArea(length: i32): usize {
  if (length > incomingCapacity) {
    incomingCapacity = max(length, 2048);
    incoming = incoming == 0 ? heap.alloc(<usize>incomingCapacity) : heap.realloc(incoming, <usize>incomingCapacity);
  }
  return incoming;
}
