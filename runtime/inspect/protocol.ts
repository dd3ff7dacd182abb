/** What client and runtime say to one another, a line of JSON each. The document of it is `README.md` beside this file. */
import type { ErrorKind } from '../errors.ts';
import type { Problem } from '../registry/problem.ts';

export const PROTOCOL = 1;

/** Bytes of one line, without its end. */
export const LONGEST_REQUEST = 1 << 20;
export const LONGEST_ANSWER = 1 << 26;
/** Rows of one list. */
export const MOST_ROWS = 10_000;

/** The first line of a runtime. */
export interface Hello {
  readonly protocol: number;
  /** Folder of the deployment: absolute, without links. */
  readonly root: string;
  /** Of the operating system's process. */
  readonly pid: number;
  /** Unix time in seconds at which it began to listen. */
  readonly since: number;
}

export interface ShownError {
  readonly kind: ErrorKind;
  readonly message: string;
  /** What is wrong with the deployment that a change would have made. */
  readonly problems?: readonly Problem[];
}

/** `id`: of the request; null where the line was none. */
export type Reply =
  | { readonly id: number | null; readonly value: unknown }
  | { readonly id: number | null; readonly error: ShownError };
