/** Error numbers of WASI preview 1, and which one stands for an error of an operation. */
import type { ErrorKind, TroupeError } from '../../../runtime/errors.ts';

export const Errno = {
  SUCCESS: 0,
  ACCES: 2,
  AGAIN: 6,
  BADF: 8,
  BUSY: 10,
  CANCELED: 11,
  DQUOT: 19,
  EXIST: 20,
  FAULT: 21,
  FBIG: 22,
  ILSEQ: 25,
  INVAL: 28,
  IO: 29,
  ISDIR: 31,
  LOOP: 32,
  MFILE: 33,
  MLINK: 34,
  NAMETOOLONG: 37,
  NFILE: 41,
  NOENT: 44,
  NOSPC: 51,
  NOSYS: 52,
  NOTDIR: 54,
  NOTEMPTY: 55,
  NOTSOCK: 57,
  NOTSUP: 58,
  NXIO: 60,
  OVERFLOW: 61,
  PERM: 63,
  PIPE: 64,
  ROFS: 69,
  SPIPE: 70,
  TIMEDOUT: 73,
  TXTBSY: 74,
  XDEV: 75,
  NOTCAPABLE: 76,
} as const;
export type Errno = (typeof Errno)[keyof typeof Errno];

/** Thrown in the body of a call, which then answers with the number. Has no stack: nobody reads one. */
export class Refusal {
  readonly errno: Errno;
  constructor(errno: Errno) {
    this.errno = errno;
  }
}

export function refuse(errno: Errno): never {
  throw new Refusal(errno);
}

const OF_SYSTEM: ReadonlyMap<unknown, Errno> = new Map(
  Object.entries(Errno).map(([name, errno]): [string, Errno] => [`E${name}`, errno]),
);

const OF_KIND: { readonly [kind in ErrorKind]: Errno } = {
  NOT_FOUND: Errno.NOENT,
  ALREADY_EXISTS: Errno.EXIST,
  INVALID: Errno.INVAL,
  PERMISSION_DENIED: Errno.NOTCAPABLE,
  UNAVAILABLE: Errno.IO,
  INTERNAL: Errno.IO,
  CANCELED: Errno.CANCELED,
  CONFLICT: Errno.BUSY,
  TIMEOUT: Errno.TIMEDOUT,
  RATE_LIMITED: Errno.MFILE,
  UNKNOWN: Errno.IO,
};

/** By the operating system's own code where the error has one (`details.code`), else by its kind. */
export function errnoOf(error: TroupeError): Errno {
  return OF_SYSTEM.get(error.details?.code) ?? OF_KIND[error.kind];
}
