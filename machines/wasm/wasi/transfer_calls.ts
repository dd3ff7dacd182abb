/** `fd_read` and `fd_write` in all forms, and the position that they go by. */
import { TroupeError } from '../../../runtime/errors.ts';
import { FdFlag, type File, type Stream } from './descriptors.ts';
import { fs, sizeOf } from './descriptor_calls.ts';
import { Errno, errnoOf, refuse } from './errno.ts';
import { fileSize } from './filestat.ts';
import { Right } from './rights.ts';
import type { WasiBody, WasiProcess } from './wasi_process.ts';
import { type Span, totalLength } from './wasi_memory.ts';

const Whence = { START: 0, CURRENT: 1, END: 2 } as const;
/** Vectors, and bytes, that take as long as a call. */
const VECTORS_PIECE = 16;
const COPY_PIECE = 4096;
const NOTHING = new Uint8Array(0);

export const waitingTransferCalls: { readonly [name: string]: WasiBody } = {
  fd_read(wasi, fd, vectors, count, resultAt) {
    const descriptor = wasi.descriptors.stream(fd, Right.FD_READ);
    const spans = spansOf(wasi, vectors, count, resultAt);
    const isFile = descriptor.type === 'file';
    const bytes = isFile ? readFile(wasi, descriptor, spans, descriptor.position) : readInput(wasi, spans);
    if (isFile) descriptor.position += bytes.length;
    give(wasi, spans, bytes, resultAt);
  },
  fd_pread(wasi, fd, vectors, count, offset, resultAt) {
    const file = wasi.descriptors.file(fd, Right.FD_READ | Right.FD_SEEK);
    const spans = spansOf(wasi, vectors, count, resultAt);
    give(wasi, spans, readFile(wasi, file, spans, fileSize(offset)), resultAt);
  },
  fd_write(wasi, fd, vectors, count, resultAt) {
    const descriptor = wasi.descriptors.stream(fd, Right.FD_WRITE);
    const spans = spansOf(wasi, vectors, count, resultAt);
    let written = totalLength(spans);
    if (descriptor.type !== 'file') written = writeOutput(wasi, descriptor, spans);
    else if ((descriptor.flags & FdFlag.APPEND) === 0) {
      writeFile(wasi, descriptor, spans, descriptor.position);
      descriptor.position += written;
    } else {
      if (spans.length > 0) wasi.ask(fs(wasi, 'write'), () => [descriptor.handle, wasi.memory.gather(spans)]);
      syncWritten(wasi, descriptor);
      descriptor.position = sizeOf(wasi, descriptor);
    }
    wasi.memory.setWord(resultAt, written);
  },
  fd_pwrite(wasi, fd, vectors, count, offset, resultAt) {
    const file = wasi.descriptors.file(fd, Right.FD_WRITE | Right.FD_SEEK);
    const spans = spansOf(wasi, vectors, count, resultAt);
    writeFile(wasi, file, spans, fileSize(offset));
    wasi.memory.setWord(resultAt, totalLength(spans));
  },
  fd_seek(wasi, fd, offset, whence, resultAt) {
    const file = wasi.descriptors.file(fd, Right.FD_SEEK);
    wasi.memory.check(resultAt, 8);
    if (whence >>> 0 > Whence.END) refuse(Errno.INVAL);
    const base = whence === Whence.START ? 0 : whence === Whence.CURRENT ? file.position : sizeOf(wasi, file);
    const position = BigInt(base) + offset;
    if (position < 0n) refuse(Errno.INVAL);
    file.position = fileSize(position);
    wasi.memory.setLong(resultAt, BigInt(file.position));
  },
};

export const positionCalls: { readonly [name: string]: WasiBody } = {
  fd_tell(wasi, fd, resultAt) {
    wasi.memory.setLong(resultAt, BigInt(wasi.descriptors.file(fd, Right.FD_TELL).position));
  },
};

/** The areas of a call whose result can be written, too. */
function spansOf(wasi: WasiProcess, vectors: number, count: number, resultAt: number): Span[] {
  wasi.memory.check(resultAt, 4);
  const spans = wasi.memory.vectors(vectors, count);
  wasi.charge((count >>> 0) / VECTORS_PIECE + totalLength(spans) / COPY_PIECE);
  return spans;
}

function give(wasi: WasiProcess, spans: readonly Span[], bytes: Uint8Array, resultAt: number): void {
  wasi.memory.scatter(spans, bytes);
  wasi.memory.setWord(resultAt, bytes.length);
}

function readFile(wasi: WasiProcess, file: File, spans: readonly Span[], position: number): Uint8Array {
  const most = totalLength(spans);
  if (most === 0) return NOTHING;
  return (wasi.ask(fs(wasi, 'read_at'), () => [file.handle, position, most]) ?? NOTHING) as Uint8Array;
}

/** The end of input is an error of `io.read`; here it is that nothing was read. */
function readInput(wasi: WasiProcess, spans: readonly Span[]): Uint8Array {
  const most = totalLength(spans);
  const { operations } = wasi.grants.io ?? refuse(Errno.BADF);
  if (most === 0) return NOTHING;
  const piece = wasi.askOrFail(operations.read, () => [most]);
  if (!(piece instanceof TroupeError)) return piece as Uint8Array;
  return piece.kind === 'NOT_FOUND' ? NOTHING : refuse(errnoOf(piece));
}

function writeFile(wasi: WasiProcess, file: File, spans: readonly Span[], position: number): void {
  if (spans.length === 0) return;
  if (!Number.isSafeInteger(position + totalLength(spans))) refuse(Errno.FBIG);
  wasi.ask(fs(wasi, 'write_at'), () => [file.handle, position, wasi.memory.gather(spans)]);
  syncWritten(wasi, file);
}

/** For files whose flags say that writing waits for the disk. */
function syncWritten(wasi: WasiProcess, file: File): void {
  if ((file.flags & (FdFlag.SYNC | FdFlag.DSYNC)) !== 0) wasi.ask(fs(wasi, 'sync'), () => [file.handle]);
}

/** How many bytes were written. */
function writeOutput(wasi: WasiProcess, stream: Stream, spans: readonly Span[]): number {
  if (spans.length === 0 || stream.type === 'input') return 0;
  const { io } = wasi.grants;
  if (io === undefined) return wasi.log(stream.type, wasi.memory.gather(spans));
  const operation = stream.type === 'output' ? io.operations.write : io.operations.write_error;
  const done = wasi.askOrFail(operation, () => [wasi.memory.gather(spans)]);
  if (done instanceof TroupeError) refuse(done.kind === 'UNAVAILABLE' ? Errno.PIPE : errnoOf(done));
  return totalLength(spans);
}
