import type { ASUtil } from '@assemblyscript/loader';
import { GuestMemory } from '../abi/memory.ts';
import { AREA_PAGES } from '../form.ts';
import { PAGE_BYTES } from '../suspend/control.ts';
import { SuspendDriver } from '../suspend/driver.ts';

/** Checks that the guest's allocator may pass in one call: some hundred milliseconds. */
const WITHIN_FUEL = 100_000_000;

/** One instance of a module: its exports, its memory, and the driver that calls it. */
export class Loaded {
  readonly driver = new SuspendDriver();
  readonly memory: GuestMemory;
  /** The tools of `@assemblyscript/loader`, where the entry needs them. */
  readonly assemblyscript: ASUtil | undefined;
  /** AssemblyScript objects that are kept from its garbage collector during a call. */
  readonly pinned: number[] = [];
  readonly #exports: WebAssembly.Exports;

  /** Throws UNAVAILABLE where there is no room for the saved stack. */
  constructor(instance: WebAssembly.Instance, assemblyscript: ASUtil | undefined) {
    this.#exports = instance.exports;
    const { memory } = instance.exports;
    const exported = memory instanceof WebAssembly.Memory ? memory : undefined;
    this.driver.attach(instance, exported, AREA_PAGES * PAGE_BYTES);
    this.memory = new GuestMemory(exported, exported && this.driver);
    this.assemblyscript = assemblyscript;
  }

  /** Whether a function of this name is exported. */
  has(name: string): boolean {
    return typeof this.#exports[name] === 'function';
  }

  /** Call an export where the guest can neither wait nor be preempted: its allocator. Throws what it throws. */
  within(name: string, ...args: readonly unknown[]): unknown {
    return this.driver.callWithin(name, args, WITHIN_FUEL);
  }

  /** The value of an exported i32 global. */
  number(name: string): number | undefined {
    const found = this.#exports[name];
    return found instanceof WebAssembly.Global ? Number(found.value) : undefined;
  }
}
