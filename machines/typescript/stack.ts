/**
 * What a program threw, as the error with which its process ends: the frames of its own files, by their own lines, and
 * none of the runtime's.
 */
import { TroupeError, toTroupeError } from '../../runtime/errors.ts';
import { copyOfError } from '../../runtime/payload/copy.ts';
import { showPlace } from '../../runtime/registry/entry.ts';
import { hideHostFrames } from '../../sdk/typescript/guest_error.ts';
import type { Mapper } from './source_map.ts';

const FRAME = /^\s+at (?:(.*?) \()?(.*?):(\d+):(\d+)\)?$/;
/** Frames that are kept of a runaway recursion. */
const MOST_FRAMES = 30;

export class Stacks {
  readonly #file: string;
  readonly #name: string;
  readonly #mapper: Mapper;

  /** `file`: how V8 names the bundle. `name`: how messages name the source where nothing closer is known. */
  constructor(file: string, name: string, mapper: Mapper) {
    this.#file = file;
    this.#name = name;
    this.#mapper = mapper;
  }

  /** Never throws, whatever was thrown. */
  errorOf(thrown: unknown): TroupeError {
    try {
      // A copy: what a program threw may be anything, and answer something else each time that it is read.
      return this.#locate(copyOfError(toTroupeError(thrown)), nameOf(thrown));
    } catch {
      return new TroupeError('a value that cannot be shown was thrown', { details: { place: this.#name } });
    }
  }

  #locate(error: TroupeError, name: string): TroupeError {
    const frames: string[] = [];
    let place: string | undefined;
    for (const line of (error.stack ?? '').split('\n')) {
      const parts = FRAME.exec(line);
      if (parts === null || parts[2] !== this.#file || frames.length >= MOST_FRAMES) continue;
      const original = this.#mapper.original(Number(parts[3]), Number(parts[4]));
      if (original === undefined) continue;
      const shown = showPlace(original);
      place ??= shown;
      // That is how V8 calls functions without a name that were evaluated; others cannot have the name.
      frames.push(parts[1] === undefined || parts[1] === 'eval' ? `    at ${shown}` : `    at ${parts[1]} (${shown})`);
    }
    // An error that ended another process first keeps what it says of that one.
    if (frames.length === 0 && error.place !== undefined) {
      hideHostFrames(error);
      return error;
    }
    return new TroupeError(error.message, {
      kind: error.kind,
      retryable: error.retryable,
      details: { place: place ?? this.#name, ...error.details },
      stack: frames.length === 0 ? `${name}: ${error.message}` : `${name}: ${error.message}\n${frames.join('\n')}`,
    });
  }
}

function nameOf(thrown: unknown): string {
  const name = thrown instanceof Error ? thrown.name : undefined;
  return typeof name === 'string' && name !== '' ? name : 'Error';
}
