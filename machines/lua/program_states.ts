/**
 * Where the states of a program's processes come from: with the transformed binary they are copies of a template, in
 * which the globals and the program's chunk are already, each in a slot of its own (`vm/slots`). With the stock binary
 * each is made from scratch in the general heap.
 */
import { TroupeError } from '../../runtime/errors.ts';
import type { Engine } from './engine.ts';
import { ModuleTables } from './module_tables.ts';
import type { ProcessRecord } from './process_record.ts';
import type { LuaProgram } from './program.ts';
import { Status } from './vm/layout.ts';
import { discardSlot, extractInto, imageBytes, injectSlot, restoreSlot } from './vm/slots/image.ts';
import type { Membership } from './vm/slots/region_claims.ts';
import type { Slots } from './vm/slots/slots.ts';
import { type Booted, makeTemplate, type Template } from './vm/slots/template.ts';
import { type LuaState, noRoom, openState } from './vm/state.ts';

/** A state with the program's globals and its chunk in it. */
export interface ProgramState extends LuaState {
  readonly tables: ModuleTables;
  /** Bytes of an image of its memory. Absent where it cannot be moved. */
  imageBytes?(): number;
  /** Write the image. The state lives in it from then on: here it is only closed, which frees nothing. */
  extractInto?(bytes: Uint8Array, at: number): void;
}

/** What a program's processes begin as. */
interface Prepared {
  readonly template: Template;
  readonly tables: readonly (readonly [distance: number, module: number])[];
}

/** Pages of a slot that is made without a template. */
const PAGES = 8;
const COLLECT = 2;

/** Templates of programs that are gone. */
const abandoned = new FinalizationRegistry<{ slots: Slots; template: Template }>(({ slots, template }) => {
  template.free(slots);
});

export class ProgramStates {
  readonly #engine: Engine;
  readonly #program: LuaProgram;
  readonly #membership: Membership;
  /** Undefined until the first process; null where no template can be made. */
  #prepared: Prepared | null | undefined;

  constructor(engine: Engine, program: LuaProgram, membership: Membership) {
    this.#engine = engine;
    this.#program = program;
    this.#membership = membership;
  }

  /** Of the runtime: where images of its processes can be put back without looking for room. */
  get home(): number {
    return this.#membership.table.id;
  }

  /** Throws UNAVAILABLE where there is no room for another state. */
  create(): ProgramState {
    const { slots } = this.#engine.vm;
    if (slots === undefined) return this.#fromHeap();
    const prepared = this.#prepare(slots);
    if (prepared === null) return this.#fromScratch(slots);
    const slot = slots.clone(prepared.template, this.#program.memoryLimit, 0, 0);
    if (slot === 0) throw noRoom();
    return new SlotState(slots, this.#membership, slot, new ModuleTables(slot, prepared.tables));
  }

  /**
   * A state back in memory. Throws UNAVAILABLE where something else lives at its addresses or there is no room to prepare
   * the program here, INVALID for a damaged image and for one that was resumed or given up before.
   */
  restore(memory: Uint8Array, record: ProcessRecord): ProgramState {
    const { slots } = this.#engine.vm;
    if (slots === undefined) {
      throw new TroupeError("images of Lua processes cannot be resumed with wasmoon's own binary", {
        kind: 'INVALID',
        retryable: false,
      });
    }
    if (record.home === this.home) {
      // Its place is reserved, so the template can be made first: where that fails the image can be tried again.
      const prepared = this.#prepare(slots);
      return this.#restored(slots, injectSlot(slots, this.#membership, memory), prepared, record);
    }
    // A template that is made now must not take the place.
    const slot = restoreSlot(slots, memory);
    try {
      return this.#restored(slots, slot, this.#prepare(slots), record);
    } catch (thrown) {
      slots.drop(slot);
      throw thrown;
    }
  }

  #restored(slots: Slots, slot: number, prepared: Prepared | null, record: ProcessRecord): ProgramState {
    const tables = new ModuleTables(slot, prepared?.tables ?? [], record.tables);
    return new SlotState(slots, this.#membership, slot, tables);
  }

  /** Nobody will restore the state of this image. Nothing is kept for one of another runtime. */
  discard(memory: Uint8Array, record: ProcessRecord): void {
    const { slots } = this.#engine.vm;
    if (slots !== undefined && record.home === this.home) discardSlot(slots, this.#membership, memory);
  }

  #fromHeap(): ProgramState {
    const { vm, objects } = this.#engine;
    const tables = new ModuleTables(0);
    objects.tables = tables;
    this.#engine.opening = this.#program;
    const state = openState(vm, vm.functions['state.open'], this.#program.memoryLimit);
    return Object.assign(state, { tables });
  }

  #prepare(slots: Slots): Prepared | null {
    if (this.#prepared !== undefined) return this.#prepared;
    let tables: Prepared['tables'] = [];
    const made = makeTemplate(slots, slot => {
      const opened = this.#open(slot);
      tables = opened.tables.relativeTo(slot);
      return opened.booted;
    });
    if ('refused' in made && made.noRoom) throw noRoom();
    this.#prepared = 'ok' in made ? { template: made.ok, tables } : null;
    if ('ok' in made) abandoned.register(this, { slots, template: made.ok });
    return this.#prepared;
  }

  #fromScratch(slots: Slots): ProgramState {
    const slot = slots.arena(PAGES, this.#program.memoryLimit);
    if (slot === 0) throw noRoom();
    try {
      const { booted, tables } = this.#open(slot);
      slots.setStates(slot, booted.state, booted.thread);
      return new SlotState(slots, this.#membership, slot, tables);
    } catch (thrown) {
      slots.drop(slot);
      throw thrown;
    }
  }

  /** A state in an empty slot. The process runs in its main coroutine. */
  #open(slot: number): { readonly booted: Booted; readonly tables: ModuleTables } {
    const { vm, objects } = this.#engine;
    const tables = new ModuleTables(0);
    objects.tables = tables;
    this.#engine.opening = this.#program;
    const L = vm.api.lua_newstate(vm.slotAllocator, slot);
    if (L === 0 || vm.protect(L, vm.functions['state.open']) !== Status.Ok) throw noRoom();
    // Twice, because the first may leave what only the next finds dead.
    vm.api.lua_gc!(L, COLLECT, 0);
    vm.api.lua_gc!(L, COLLECT, 0);
    return { booted: { state: L, thread: L, random: 0 }, tables };
  }
}

class SlotState implements ProgramState {
  readonly L: number;
  readonly tables: ModuleTables;
  readonly #slots: Slots;
  readonly #membership: Membership;
  readonly #slot: number;
  #moved = false;

  constructor(slots: Slots, membership: Membership, slot: number, tables: ModuleTables) {
    this.L = slots.stateOf(slot);
    this.tables = tables;
    this.#slots = slots;
    this.#membership = membership;
    this.#slot = slot;
  }

  get used(): number {
    return this.#slots.used(this.#slot);
  }

  close(): void {
    if (!this.#moved) this.#slots.drop(this.#slot);
  }

  imageBytes(): number {
    return imageBytes(this.#slots, this.#slot);
  }

  extractInto(bytes: Uint8Array, at: number): void {
    extractInto(this.#slots, this.#membership, this.#slot, bytes, at);
    this.#moved = true;
  }
}
