/** Ids of what the runtime starts for programs, and no program can name. */

/** A supervisor that a program has made. */
export const MADE_SUPERVISOR = 'system:supervisor';
/** Makes one, and ends with its PID. */
export const SUPERVISOR_START = 'system:supervisor_start';
/** Asks a supervisor something, and ends with what it answers. */
export const SUPERVISOR_CALL = 'system:supervisor_call';
