/**
 * Streams the log in chunks of whole lines. A chunk is sent for each credit that the job gives (`more`), so a slow job
 * slows the reading down and memory stays bounded however long the log is.
 *
 * What no line of a log is, one longer than `LONGEST_LINE`, is cut to that length: the parsers count it as malformed.
 */
import { defineProcess, type Pid, type Self } from 'troupe/sdk';
import type { Chunk } from './protocol.ts';

/** Bytes; the parsers refuse a longer line. */
const LONGEST_LINE = 64 * 1024;
const NEWLINE = 10;

type ReaderArgs = [job: Pid, file: string, pieceBytes: number];

/** How many chunks there were, or why the file could not be read (to the end). */
export type ReaderResult = { chunks: number } | { failed: string };

export default defineProcess<ReaderArgs, { more: number }, ReaderResult>(function* (self, job, file, pieceBytes) {
  try {
    return { chunks: yield* stream(self, job, file, pieceBytes) };
  } catch (thrown) {
    // A wrong name or a damaged file is no crash: whoever asked is told.
    return { failed: (thrown as Error).message };
  }
});

function* stream(
  self: Self<{ more: number }>,
  job: Pid,
  file: string,
  pieceBytes: number,
): Generator<any, number, any> {
  self.send(job, 'size', yield* sizeOf(self, file));
  const handle: number = yield* self.fs.open(file, { gunzip: 'auto' });
  const lines = new LineCutter();
  let credits = 0;
  let number = 0;
  for (let open = true; open; ) {
    const piece: Uint8Array | null = yield* self.fs.read(handle, pieceBytes);
    if (piece === null) open = false;
    const bytes = piece === null ? lines.end() : lines.add(piece);
    if (bytes.length === 0) continue;
    while (credits === 0) {
      const message = yield* self.receive();
      if (message.topic === 'more') credits += message.payload;
    }
    credits--;
    self.send(job, 'chunk', { number: number++, bytes } satisfies Chunk);
  }
  return number;
}

/** Bytes that will be read: null for a packed file, whose length shows only at its end. */
function* sizeOf(self: Self<any>, file: string): Generator<any, number | null, any> {
  const handle: number = yield* self.fs.open(file, { gunzip: false });
  const start: Uint8Array | null = yield* self.fs.read(handle, 2);
  yield* self.fs.close(handle);
  if (start !== null && start[0] === 0x1f && start[1] === 0x8b) return null;
  return (yield* self.fs.stat(file)).size;
}

/** Cuts a stream of bytes after its last line end so far; the rest waits for the next piece. */
class LineCutter {
  #rest: Uint8Array = new Uint8Array(0);
  /** Within an overlong line whose beginning was given already. */
  #skipping = false;

  /** The whole lines that are there now; may be empty. */
  add(piece: Uint8Array): Uint8Array {
    let start = 0;
    if (this.#skipping) {
      const end = piece.indexOf(NEWLINE);
      if (end < 0) return new Uint8Array(0);
      this.#skipping = false;
      start = end + 1;
    }
    const end = piece.lastIndexOf(NEWLINE) + 1;
    if (end <= start) return this.#hold(piece.subarray(start));
    const lines = joined(this.#rest, piece.subarray(start, end));
    this.#rest = piece.slice(end);
    return lines;
  }

  /** A last line without a line end. */
  end(): Uint8Array {
    return this.#rest;
  }

  #hold(piece: Uint8Array): Uint8Array {
    const rest = joined(this.#rest, piece);
    if (rest.length <= LONGEST_LINE) {
      this.#rest = rest;
      return new Uint8Array(0);
    }
    this.#rest = new Uint8Array(0);
    this.#skipping = true;
    // A chunk of its own without a line end: the parser counts it as one line.
    return rest.slice(0, LONGEST_LINE + 1);
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
