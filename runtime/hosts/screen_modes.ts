/**
 * What an output has switched on in a terminal and not off again, read from the escape sequences that were written: so it
 * can be undone whoever wrote them, and however the writer ended.
 */

/** Private modes that outlast a program and trouble the next one, with whether a terminal has them switched on usually. */
const USUAL: ReadonlyMap<number, boolean> = new Map([
  // Cursor keys for applications; lines that wrap; the cursor is visible.
  [1, false],
  [7, true],
  [25, true],
  // Mouse and focus are reported.
  ...[1000, 1002, 1003, 1004, 1005, 1006, 1015].map((mode): [number, boolean] => [mode, false]),
  // A paste is marked as one; output is shown at once.
  [2004, false],
  [2026, false],
  // The alternate screen, in three forms.
  [47, false],
  [1047, false],
  [1049, false],
]);

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what it looks for
const SEQUENCE = /\u001b(?:(c)|\[(\??)([\d;:]*)([hlm]))/g;

/** A sequence whose end has not been written yet. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const BEGUN = /\u001b(?:\[\??[\d;:]{0,60})?$/;

export class ScreenModes {
  /** Those that are not as usual. */
  readonly #changed = new Set<number>();
  #styled = false;
  #begun = '';

  /** Whether there is something to undo. */
  get any(): boolean {
    return this.#styled || this.#changed.size > 0;
  }

  /** Take note of what is written. */
  observe(text: string): void {
    if (this.#begun === '' && !text.includes('\u001b')) return;
    const all = this.#begun + text;
    for (const [, reset, isPrivate, parameters, final] of all.matchAll(SEQUENCE)) {
      if (reset !== undefined) this.forget();
      else if (final === 'm') this.#styled = isPrivate === '' ? !/(^|;)0*$/.test(parameters) : this.#styled;
      else if (isPrivate !== '') for (const mode of parameters.split(';')) this.#set(Number(mode), final === 'h');
    }
    this.#begun = BEGUN.exec(all)?.[0] ?? '';
  }

  /** What to write so that the terminal is as usual; empty where it is. */
  undo(): string {
    return (this.#styled ? '\u001b[0m' : '') + this.#sequences(mode => USUAL.get(mode)!);
  }

  /** What to write so that it is as it was before `undo`; styles are left to whoever draws anew. */
  redo(): string {
    return this.#sequences(mode => !USUAL.get(mode)!);
  }

  forget(): void {
    this.#changed.clear();
    this.#styled = false;
  }

  #set(mode: number, on: boolean): void {
    const usual = USUAL.get(mode);
    if (usual === undefined) return;
    if (on === usual) this.#changed.delete(mode);
    else this.#changed.add(mode);
  }

  #sequences(wanted: (mode: number) => boolean): string {
    return [...this.#changed].map(mode => `\u001b[?${mode}${wanted(mode) ? 'h' : 'l'}`).join('');
  }
}
