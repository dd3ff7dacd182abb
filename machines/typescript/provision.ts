/** What programs of one kind get of the host. */
export interface Provision {
  /** What they may import, by name. */
  readonly modules: ReadonlyMap<string, object>;
  /** Classes of what they are given, beside what the modules export. */
  readonly classes: readonly object[];
}
