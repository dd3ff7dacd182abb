/**
 * Error codes of ABI version 1: what a call answers where it fails. Zero or more is success, so a code is negative; the
 * whole error (message, retryable, details) is what `last_error` gives.
 */
import { ERROR_KINDS, type ErrorKind } from '../../../runtime/errors.ts';

/** Version of the ABI that this host speaks; what a module without a `troupe_abi` export is taken for. */
export const ABI_VERSION = 1;

/** NOT_FOUND is -1, ALREADY_EXISTS -2 and so on in the order of `ERROR_KINDS`; that order never changes. */
export function errorCode(kind: ErrorKind): number {
  return CODES[kind];
}

/** The kind for a code that a guest gave (`fail`); UNKNOWN for anything that is none. */
export function kindOfCode(code: number): ErrorKind {
  return ERROR_KINDS[-code - 1] ?? 'UNKNOWN';
}

const CODES = Object.fromEntries(ERROR_KINDS.map((kind, index) => [kind, -(index + 1)])) as Record<ErrorKind, number>;

/** What `select` and `try_select` look at: bits of their first argument. */
export const Sources = {
  /** Messages that no listened topic takes. */
  INBOX: 1,
  /** Messages on the topics given to `listen`. */
  TOPICS: 2,
  /** EXIT, LINK_DOWN, CANCEL, OUTDATED. */
  EVENTS: 4,
  /** Answers to `start_...` calls. */
  ANSWERS: 8,
  ALL: 15,
} as const;

/** What `get_options` answers: the sum of those that are on. */
export const OptionBits = { TRAP_LINKS: 1, UPGRADABLE: 2 } as const;

/** The first word of a record: what it is. */
export const RecordKind = {
  MESSAGE: 1,
  /** A message on a listened topic. */
  TOPIC_MESSAGE: 2,
  EVENT: 3,
  /** The result of a `start_...` call. */
  ANSWER: 4,
  /** The error of a `start_...` call. */
  FAILURE: 5,
} as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

/** Bytes of a record before its topic: five words. */
export const RECORD_HEADER = 20;
