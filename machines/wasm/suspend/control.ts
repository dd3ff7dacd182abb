/**
 * What a transformed module and its driver agree on.
 *
 * The driver sets aside whole pages at the very end of the guest's memory, out of the guest's sight: `memory.size`
 * answers without them, and `memory.grow` moves them to the new end. They are the AREA. It begins with the CONTROL
 * block, the only thing through which host and guest talk about suspension, and goes on with the saved stack: one frame
 * for each suspended function, the innermost first. A process is therefore its memory below the area, its mutable
 * globals, the saved stack and the name of the export that was called.
 *
 * The guest can write into the area. It stays confined all the same: the host checks the top of the stack, the guest
 * traps on a frame that does not belong to the function that takes it back.
 */

/** Index of each 32-bit word of the control block. */
export const Word = {
  /** A `Command`. */
  Command: 0,
  /** Address of the end of the saved stack, valid while the guest does not run. */
  Top: 1,
  /** Set by the host: how many checks the guest may pass before it is preempted or killed. */
  Fuel: 2,
  /** Address that the saved stack must not pass. */
  Limit: 3,
  /** Set by the guest when it stops: fuel that is left, negative if it is spent. */
  FuelLeft: 4,
  /** Set by the guest: 1 after a `memory.grow` that failed. The host sets it to 0 when a call begins. */
  GrowRefused: 5,
} as const;

/** Length of the control block; the saved stack begins after it. */
export const CONTROL_BYTES = 32;

export const PAGE_BYTES = 65_536;

/** The most pages that a 32-bit memory can have. */
export const MAX_PAGES = 65_536;

export const Command = {
  Run: 0,
  /** By an import's body: unwind, to be resumed with an answer. */
  Suspend: 1,
  /** By the guest when it is resumed; whoever is reached at the end of the saved stack sets it back to `Run`. */
  Rewind: 2,
  /** By the guest: out of fuel and unwound. */
  Preempted: 3,
  /** By the guest before it traps: the saved stack does not fit the area. */
  Overflow: 4,
  /** By the guest before it traps: a frame does not belong to the function that takes it back. */
  Corrupt: 5,
  /** By the guest before it traps: it did much bulk work where it cannot be stopped. */
  Endless: 6,
} as const;

/** Values of the guest's global `state`; it is `Normal` whenever the guest does not run. */
export const State = { Normal: 0, Unwinding: 1, Rewinding: 2 } as const;

/** All exports that are added begin with this. */
export const EXPORT_PREFIX = 'troupe:';

export const ExportName = {
  /** Mutable global: address of the area. */
  Control: 'troupe:control',
  /** Mutable global: pages of the area; 0 until a driver is attached. */
  AreaPages: 'troupe:area',
  /** The guest's view of `memory.grow`, for the host. */
  Grow: 'troupe:grow',
  /** Mutable global, only with fuel: what is left while the guest runs, and after it trapped. */
  Fuel: 'troupe:fuel',
  /** The memory, where the module does not export it as `memory`. */
  Memory: 'troupe:memory',
  /** `(at)`, writes the mutable globals to this address, and takes them from there; where the module has any. */
  SaveGlobals: 'troupe:save',
  LoadGlobals: 'troupe:load',
  /** The start function, where it can suspend or there is fuel: it must not run before a driver is attached. */
  Start: 'troupe:start',
} as const;

/** Goes on with a suspended call of the export `name`. No parameters, the same results. */
export function resumeExport(name: string): string {
  return `troupe:resume:${name}`;
}

/** Under this name the memory is found without an export of the transform's own. */
export const USUAL_MEMORY = 'memory';

/** Room that a driver has for them at the end of the area. */
export const MAX_GLOBAL_BYTES = 16_384;
