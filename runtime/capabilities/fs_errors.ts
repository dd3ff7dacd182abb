/** What the operating system said of files, in the words and kinds of the system. */
import { getSystemErrorMap } from 'node:util';
import { type ErrorKind, TroupeError } from '../errors.ts';

export function notAFile(path: string, operation: string): TroupeError {
  return new TroupeError(`${operation}: "${path}" is a folder, not a file`, {
    kind: 'INVALID',
    details: { code: 'EISDIR' },
  });
}

const FILE_ERRORS: { readonly [code: string]: readonly [ErrorKind, string] } = {
  ENOENT: ['NOT_FOUND', 'there is no such file or folder'],
  EACCES: ['PERMISSION_DENIED', 'the operating system denies access'],
  EPERM: ['PERMISSION_DENIED', 'the operating system does not permit it'],
  EROFS: ['PERMISSION_DENIED', 'the disk is read-only'],
  EEXIST: ['ALREADY_EXISTS', 'it exists already'],
  ENOTDIR: ['INVALID', 'a part of the path is not a folder'],
  EISDIR: ['INVALID', 'it is a folder'],
  ENAMETOOLONG: ['INVALID', 'the name is too long'],
  ELOOP: ['PERMISSION_DENIED', 'it is a symbolic link that leads nowhere or in a circle'],
  ENXIO: ['INVALID', 'it is a pipe or device that nobody reads'],
  ENOSPC: ['UNAVAILABLE', 'the disk is full'],
  EDQUOT: ['UNAVAILABLE', 'the disk quota is used up'],
  EBADF: ['INVALID', 'it was not opened for this'],
  EINVAL: ['INVALID', 'it cannot be done with this'],
  ENOTEMPTY: ['CONFLICT', 'the folder is not empty'],
  EBUSY: ['UNAVAILABLE', 'it is in use'],
  EXDEV: ['INVALID', 'it lies on another disk'],
  EFBIG: ['INVALID', 'the file would become too large'],
  EMFILE: ['UNAVAILABLE', 'too many files are open'],
  ENFILE: ['UNAVAILABLE', 'too many files are open'],
};

/**
 * What the operating system or zlib said, in the words and kinds of the system; `details.code` is the operating system's
 * own (`ENOENT`). The path is shown as the program gave it.
 */
export function fileError(thrown: unknown, path: string, operation: string): TroupeError {
  if (thrown instanceof TroupeError) return thrown;
  const code = (thrown as NodeJS.ErrnoException).code ?? '';
  const known = FILE_ERRORS[code];
  if (known !== undefined) {
    const [kind, text] = known;
    return new TroupeError(`${operation}: "${path}": ${text}`, {
      kind,
      retryable: kind === 'UNAVAILABLE',
      details: { code },
    });
  }
  if (code.startsWith('Z_')) {
    return new TroupeError(`${operation}: "${path}" is damaged or cut off: ${(thrown as Error).message}`, {
      kind: 'INVALID',
    });
  }
  // The message of any other error of the operating system has the path on this machine, which is not the program's to know.
  const { errno = 0, message } = thrown as NodeJS.ErrnoException;
  const text = getSystemErrorMap().get(errno)?.[1] ?? (code === '' ? message : code);
  return new TroupeError(`${operation}: "${path}": ${text}`, {
    kind: 'INTERNAL',
    details: code === '' ? undefined : { code },
  });
}
