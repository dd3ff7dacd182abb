/**
 * Whether bytes from a guest are exactly one MessagePack value that the rest of the system can read, without building
 * it: what passes here, `unpackPayload` reads, so that the payload can be handed on packed.
 */
import { unpackPayload } from '../../../runtime/payload/messagepack.ts';

/** Containers inside one another, as for every sender (semantics section 4). */
const MAX_DEPTH = 200;
/** Application type of the extension that holds a structured error. */
const ERROR_EXTENSION = 1;

let position = 0;

/** True for one well-formed value that takes up all of `bytes` from `start` to `end`. */
export function isOnePayload(bytes: Uint8Array, start: number, end: number): boolean {
  position = start;
  return skip(bytes, end, 0) && position === end;
}

function skip(bytes: Uint8Array, end: number, depth: number): boolean {
  if (position >= end) return false;
  const head = bytes[position++];
  if (head < 0x80 || head >= 0xe0) return true;
  if (head < 0x90) return skipMap(bytes, end, head & 15, depth);
  if (head < 0xa0) return skipList(bytes, end, head & 15, depth);
  if (head < 0xc0) return advance(head & 31, end);
  switch (head) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return true;
    case 0xcc:
    case 0xd0:
      return advance(1, end);
    case 0xcd:
    case 0xd1:
      return advance(2, end);
    case 0xca:
    case 0xce:
    case 0xd2:
      return advance(4, end);
    case 0xcb:
    case 0xcf:
    case 0xd3:
      return advance(8, end);
    case 0xc4:
    case 0xd9:
      return advance(1, end) && advance(bytes[position - 1], end);
    case 0xc5:
    case 0xda:
      return advance(2, end) && advance(read16(bytes, position - 2), end);
    case 0xc6:
    case 0xdb:
      return advance(4, end) && advance(read32(bytes, position - 4), end);
    case 0xdc:
      return advance(2, end) && skipList(bytes, end, read16(bytes, position - 2), depth);
    case 0xdd:
      return advance(4, end) && skipList(bytes, end, read32(bytes, position - 4), depth);
    case 0xde:
      return advance(2, end) && skipMap(bytes, end, read16(bytes, position - 2), depth);
    case 0xdf:
      return advance(4, end) && skipMap(bytes, end, read32(bytes, position - 4), depth);
    default:
      return skipExtension(bytes, end, head, depth);
  }
}

/** Each item takes at least one byte: a forged length is refused before anything is looked at. */
function skipList(bytes: Uint8Array, end: number, count: number, depth: number): boolean {
  if (depth >= MAX_DEPTH || count > end - position) return false;
  for (let i = 0; i < count; i++) if (!skip(bytes, end, depth + 1)) return false;
  return true;
}

function skipMap(bytes: Uint8Array, end: number, count: number, depth: number): boolean {
  if (depth >= MAX_DEPTH || count * 2 > end - position) return false;
  for (let i = 0; i < count; i++) if (!skipKey(bytes, end) || !skip(bytes, end, depth + 1)) return false;
  return true;
}

/** Keys are text or integers. */
function skipKey(bytes: Uint8Array, end: number): boolean {
  if (position >= end) return false;
  const head = bytes[position];
  const text = (head >= 0xa0 && head < 0xc0) || (head >= 0xd9 && head <= 0xdb);
  const integer = head < 0x80 || head >= 0xe0 || (head >= 0xcc && head <= 0xd3);
  return (text || integer) && skip(bytes, end, 0);
}

function skipExtension(bytes: Uint8Array, end: number, head: number, depth: number): boolean {
  let length: number;
  switch (head) {
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      length = 1 << (head - 0xd4);
      break;
    case 0xc7:
      if (!advance(1, end)) return false;
      length = bytes[position - 1];
      break;
    case 0xc8:
      if (!advance(2, end)) return false;
      length = read16(bytes, position - 2);
      break;
    case 0xc9:
      if (!advance(4, end)) return false;
      length = read32(bytes, position - 4);
      break;
    default:
      return false;
  }
  if (!advance(1, end) || bytes[position - 1] !== ERROR_EXTENSION || length > end - position) return false;
  const start = position;
  const bodyEnd = start + length;
  return skip(bytes, bodyEnd, depth + 1) && position === bodyEnd && isError(bytes, bodyEnd - length - 1, bodyEnd, head);
}

/** Errors are rare: whether the fields are right is left to the codec. `typeAt` is where the extension's type is. */
function isError(bytes: Uint8Array, typeAt: number, end: number, head: number): boolean {
  const lengthBytes = head === 0xc7 ? 1 : head === 0xc8 ? 2 : head === 0xc9 ? 4 : 0;
  const resume = position;
  try {
    unpackPayload(bytes.subarray(typeAt - lengthBytes - 1, end));
    return true;
  } catch {
    return false;
  } finally {
    position = resume;
  }
}

function advance(count: number, end: number): boolean {
  position += count;
  return position <= end;
}

function read16(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

function read32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}
