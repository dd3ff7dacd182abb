/**
 * Whether the turn of an event loop that a debugger has stopped may be cut off where it stands, from its call frames
 * alone. Cutting off runs no `finally` and no `catch`: what is half done stays half done. So it is allowed only where
 * that is a program's own business.
 */

import { sourceUrl } from './bundled.ts';

/** A call frame, innermost first in lists; line and column 1-based, as stacks show them. */
export interface Frame {
  readonly name: string;
  /** As V8 names the script: a URL, `troupe:<entry>` for programs, empty for evaluated text. */
  readonly url: string;
  readonly line: number;
  readonly column: number;
}

/**
 * `abort`: cut it off. `out`: leave the innermost function first. `wait`: no program is at work, look again later.
 * `never`: nothing that can be done to this turn leaves the thread whole.
 */
export type Verdict = 'abort' | 'out' | 'wait' | 'never';

type Owner = 'program' | 'kernel' | 'language' | 'node' | 'wasm';

const KERNEL = new URL('../', import.meta.url).href;
const LANGUAGES = [new URL('../../machines/', import.meta.url).href, new URL('../../sdk/', import.meta.url).href];
const MICROTASKS = 'node:internal/process/task_queues';
const MOST_SHOWN = 30;

/** Files that are nobody else's belong to programs: a host that is trusted runs them. */
function ownerOf(frame: Frame): Owner {
  const url = sourceUrl(frame);
  if (url.startsWith(KERNEL)) return 'kernel';
  if (LANGUAGES.some(language => url.startsWith(language))) return 'language';
  if (url.startsWith('node:')) return 'node';
  if (url.startsWith('wasm:')) return 'wasm';
  return 'program';
}

export function judge(frames: readonly Frame[]): Verdict {
  const owners = frames.map(ownerOf);
  const program = owners.indexOf('program');
  if (program < 0) return 'wait';
  // A module that JavaScript has called belongs to who called it.
  const top = owners.findIndex(owner => owner !== 'wasm');
  if (owners[top] !== 'program') return 'out';
  const kernel = owners.indexOf('kernel');
  // Promises run outside of steps. V8 forgets all other promises that are due when it cuts one off.
  if (kernel < 0 || !endsTurn(frames[frames.length - 1])) return 'never';
  // The kernel was in the middle of something for the program, such as copying a value with a getter.
  if (owners.includes('program', kernel)) return 'out';
  return 'abort';
}

/** Whether the outermost frame is where Node begins a turn, and not one of promises. */
function endsTurn(outermost: Frame): boolean {
  return outermost.url.startsWith('node:') && outermost.url !== MICROTASKS;
}

/** Frames as V8 writes them in the stack of an error. */
export function showFrames(frames: readonly Frame[]): string {
  return frames.slice(0, MOST_SHOWN).map(showFrame).join('\n');
}

function showFrame(frame: Frame): string {
  const place = showFramePlace(frame);
  return frame.name === '' ? `    at ${place}` : `    at ${frame.name} (${place})`;
}

export function showFramePlace({ url, line, column }: Frame): string {
  return `${url === '' ? 'evaluated text' : url}:${line}:${column}`;
}

/** The frame to name where one is asked for: the innermost of a program, else the innermost. */
export function culpritOf(frames: readonly Frame[]): Frame | undefined {
  return frames.find(frame => ownerOf(frame) === 'program') ?? frames[0];
}
