/**
 * All that the project knows of XState is behind this file: `v5/` says what a process needs of it, and what XState needs
 * of a process. Another version is another folder and another line here.
 */
export { type EntryLogic, type EntryOptions, entryLogic } from './v5/entry_logic.ts';
export { isMachine, type Machine, xstateForPrograms } from './v5/library.ts';
export { containedXState } from './v5/contained_library.ts';
export { type ActorRecord, RootActor } from './v5/root_actor.ts';
export { shownByXState } from './v5/shown_classes.ts';
export { type Event, processOf } from './v5/system.ts';
