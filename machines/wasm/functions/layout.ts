/** One part after the other, each at the next multiple of its alignment: how records, tuples and parameters lie in memory. */
export class Layout {
  /** Bytes, a multiple of the alignment. */
  readonly size: number;
  readonly align: number;
  /** Where each part begins. */
  readonly offsets: readonly number[];

  constructor(parts: readonly { readonly size: number; readonly align: number }[]) {
    let end = 0;
    this.align = Math.max(1, ...parts.map(part => part.align));
    this.offsets = parts.map(part => {
      const start = aligned(end, part.align);
      end = start + part.size;
      return start;
    });
    this.size = aligned(end, this.align);
  }
}

/** The next multiple of `align` from `at` on. */
export function aligned(at: number, align: number): number {
  return Math.ceil(at / align) * align;
}
