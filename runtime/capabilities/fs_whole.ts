/** Files read and written as a whole. */
import type { FileHandle } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import { TroupeError } from '../errors.ts';
import { formatSize } from '../size.ts';
import { fileError, notAFile } from './fs_errors.ts';

const MOST_WHOLE = 64 * 1024 * 1024;

/** A regular file's content, as text or as bytes; closes the handle. */
export async function readWhole(
  handle: FileHandle,
  path: string,
  operation: string,
  bytes: boolean,
): Promise<string | Uint8Array> {
  try {
    const found = await handle.stat();
    if (found.isDirectory()) throw notAFile(path, operation);
    if (found.size > MOST_WHOLE) {
      throw new TroupeError(
        `${operation}: "${path}" is ${formatSize(found.size)}; larger than ${formatSize(MOST_WHOLE)} must be read by open and read`,
        { kind: 'INVALID' },
      );
    }
    const content = await handle.readFile();
    return bytes ? new Uint8Array(content) : decodeUtf8(content, path, operation);
  } catch (thrown) {
    throw fileError(thrown, path, operation);
  } finally {
    await handle.close();
  }
}

/** Closes the handle. */
export async function writeWhole(
  handle: FileHandle,
  content: string | Uint8Array,
  path: string,
  operation: string,
): Promise<void> {
  try {
    await handle.writeFile(content);
  } catch (thrown) {
    throw fileError(thrown, path, operation);
  } finally {
    await handle.close();
  }
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeUtf8(content: Uint8Array, path: string, operation: string): string {
  try {
    return UTF_8.decode(content);
  } catch {
    throw new TroupeError(`${operation}: "${path}" is not UTF-8 text; read it with {bytes: true}`, { kind: 'INVALID' });
  }
}
