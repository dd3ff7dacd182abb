/** `fd_readdir`: what a directory holds, in as many calls as the program's buffer makes necessary. */
import { fs } from './descriptor_calls.ts';
import type { Directory, DirectoryEntry } from './descriptors.ts';
import { FileType } from './descriptors.ts';
import { fileType } from './filestat.ts';
import { Right } from './rights.ts';
import type { WasiBody, WasiProcess } from './wasi_process.ts';

const HEADER_BYTES = 24;
const SELF: readonly DirectoryEntry[] = [
  { name: '.', type: FileType.DIRECTORY },
  { name: '..', type: FileType.DIRECTORY },
];

export const waitingDirectoryCalls: { readonly [name: string]: WasiBody } = {
  fd_readdir(wasi, fd, area, capacity, cookie, resultAt) {
    const directory = wasi.descriptors.directory(fd, Right.FD_READDIR);
    capacity >>>= 0;
    wasi.memory.check(area, capacity);
    wasi.memory.check(resultAt, 4);
    const entries = entriesOf(wasi, directory, cookie === 0n);
    const start = BigInt.asUintN(64, cookie);
    let used = 0;
    for (let i = start < BigInt(entries.length) ? Number(start) : entries.length; i < entries.length; i++) {
      wasi.charge(1);
      // An entry that does not fit is cut off, which tells the program to come again with its cookie.
      const bytes = packed(entries[i], i + 1).subarray(0, capacity - used);
      wasi.memory.write(area + used, bytes);
      used += bytes.length;
      if (used === capacity) break;
    }
    wasi.memory.setWord(resultAt, used);
  },
};

/** What was there when the program began to read: an entry is at the same place until it begins anew. */
function entriesOf(wasi: WasiProcess, directory: Directory, anew: boolean): readonly DirectoryEntry[] {
  if (!anew && directory.listing !== undefined) return directory.listing;
  const found = wasi.ask(fs(wasi, 'list'), () => [directory.path]) as { name: string; type: string }[];
  const listing = [...SELF, ...found.map(({ name, type }) => ({ name, type: fileType(type) }))];
  wasi.descriptors.keepListing(directory, listing);
  return listing;
}

/** `next` is the cookie of the entry after this one. The number of the inode is not looked up. */
function packed({ name, type }: DirectoryEntry, next: number): Uint8Array {
  const text = Buffer.from(name, 'utf8');
  const bytes = new Uint8Array(HEADER_BYTES + text.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(next), true);
  view.setUint32(16, text.length, true);
  view.setUint8(20, type);
  bytes.set(text, HEADER_BYTES);
  return bytes;
}
