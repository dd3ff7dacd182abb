/**
 * Log lines: one record a line, to stderr unless told otherwise. Programs log through the `logger` capability, the
 * runtime itself through the same sink.
 *
 *     const log = new LineLog({ level: 'info', format: 'text', clock: systemClock, write: writeStderr });
 *     log.log('info', 'started', { port: 80 }, { id: 'shop:cart', pid: '{shop:procs|0x00001}' });
 *     // 2026-01-02T03:04:05.678Z INFO  shop:cart {shop:procs|0x00001} started port=80
 *
 * Whatever a program logs stays on its line and cannot move the cursor: control characters are escaped.
 */
import { writeSync } from 'node:fs';
import type { Clock } from './clock.ts';
import { TroupeError } from './errors.ts';
import { binaryOf, type Payload } from './payload/payload.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Who logs; left out for the runtime itself. */
export interface LogOrigin {
  /** Registry id of the entry that runs. */
  readonly id: string;
  readonly pid: string;
}

export interface LogFields {
  readonly [key: string]: Payload;
}

/** Where log records go. */
export interface LogSink {
  /** Whether a record of this level would be written: ask before building an expensive one. */
  enabled(level: LogLevel): boolean;
  log(level: LogLevel, message: string, fields?: LogFields, origin?: LogOrigin): void;
}

export interface LineLogOptions {
  /** Records below it are dropped. */
  readonly level: LogLevel;
  /** `text` for people, `json` for machines: `{time, level, message, id, pid, fields}` a line. */
  readonly format: 'text' | 'json';
  readonly clock: Clock;
  /** Takes one line with its newline. */
  readonly write: (line: string) => void;
}

export class LineLog implements LogSink {
  readonly #options: LineLogOptions;
  readonly #threshold: number;

  constructor(options: LineLogOptions) {
    this.#options = options;
    this.#threshold = LOG_LEVELS.indexOf(options.level);
  }

  enabled(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= this.#threshold;
  }

  log(level: LogLevel, message: string, fields?: LogFields, origin?: LogOrigin): void {
    if (!this.enabled(level)) return;
    const { clock, format, write } = this.#options;
    const time = new Date(clock.unix()).toISOString();
    write(
      format === 'json'
        ? jsonLine(time, level, message, fields, origin)
        : textLine(time, level, message, fields, origin),
    );
  }
}

/** Keeps nothing. */
export const silentLog: LogSink = { enabled: () => false, log: () => undefined };

/**
 * Straight to file descriptor 2, so that lines of all threads come in the order written and none is lost at exit. A
 * full pipe is waited for; a closed one swallows the line, since there is nobody left to tell.
 */
export function writeStderr(line: string): void {
  let rest: Uint8Array = Buffer.from(line);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(2, rest));
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

function textLine(
  time: string,
  level: LogLevel,
  message: string,
  fields: LogFields | undefined,
  origin: LogOrigin | undefined,
): string {
  let line = `${time} ${level.toUpperCase().padEnd(5)}`;
  if (origin !== undefined) line += ` ${origin.id} ${origin.pid}`;
  line += ` ${escapeControls(message)}`;
  if (fields !== undefined) {
    for (const [key, value] of Object.entries(fields)) line += ` ${bareOrQuoted(key)}=${showField(value)}`;
  }
  return `${line}\n`;
}

function jsonLine(
  time: string,
  level: LogLevel,
  message: string,
  fields: LogFields | undefined,
  origin: LogOrigin | undefined,
): string {
  const record = { time, level, message, id: origin?.id, pid: origin?.pid, fields };
  return `${escapeControls(JSON.stringify(record, showForJson))}\n`;
}

/** A field's value as text. */
function showField(value: Payload): string {
  if (typeof value === 'string') return bareOrQuoted(value);
  if (value === undefined) return 'null';
  if (value instanceof TroupeError) return showField(value.message);
  if (typeof value === 'object' && value !== null) return escapeControls(JSON.stringify(value, showForJson));
  return String(value);
}

/** As it is where it cannot be misread, else as a JSON string, so that no text can pass for another field. */
function bareOrQuoted(text: string): string {
  return /^[^\s"=\\]+$/.test(text) && escapeControls(text) === text ? text : escapeControls(JSON.stringify(text));
}

/** JSON.stringify's replacer for what JSON does not have. */
function showForJson(this: { [key: string]: unknown }, key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  // What is handed in has been through `toJSON`, which would show all of it.
  const binary = binaryOf(this[key]);
  if (binary !== undefined) return `${binary.length} bytes`;
  if (value instanceof TroupeError) {
    return { message: value.message, kind: value.kind, retryable: value.retryable, details: value.details };
  }
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value;
}

// C0 and C1 controls and DEL, line and paragraph separators, and the marks that reorder text on a screen.
// biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what it looks for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

const SHORT_ESCAPES: { readonly [character: string]: string } = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The text with every character that could break a line or steer a terminal written as an escape (`\n`, `\u001b`). */
export function escapeControls(text: string): string {
  return text.replace(
    CONTROLS,
    character => SHORT_ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
