/** What `prepare` makes of a Lua entry: the sources of the entry and of every library that it can reach, checked. */

/** One chunk: the entry's own or a library's. */
export interface BundledUnit {
  /** Registry id. */
  readonly id: string;
  /** How Lua names it in messages, with the `@` or `=` that Lua wants in front. */
  readonly chunkName: string;
  readonly text: string;
  /** Libraries it may require: alias -> id. */
  readonly aliases: { readonly [alias: string]: string };
  /** Where it is declared, `file:line:column`. */
  readonly place: string;
}

export interface Bundle {
  /** The entry first, then its libraries. */
  readonly units: readonly BundledUnit[];
  /** What the entry declared in `modules:`. */
  readonly modules: readonly string[];
}
