/**
 * What one process did to the terminal, undone when it ends, however it ends: raw mode, what it switched on by what it
 * wrote, being told of new sizes.
 */
import { TroupeError } from '../errors.ts';
import { ScreenModes } from '../hosts/screen_modes.ts';
import { asText, type RawMode, type Terminal, type TerminalSize } from '../hosts/terminal.ts';
import type { CallContext } from './capability.ts';
import { servicesOf } from './services.ts';

const uses = new WeakMap<CallContext, TerminalUse>();
/** Whose input is raw, by terminal. */
const holders = new WeakMap<Terminal, TerminalUse>();

export class TerminalUse {
  readonly terminal: Terminal;
  readonly #context: CallContext;
  readonly #modes = new ScreenModes();
  #bound = false;
  #stopResize: (() => void) | undefined;

  static of(context: CallContext): TerminalUse {
    let use = uses.get(context);
    if (use === undefined) uses.set(context, (use = new TerminalUse(context)));
    return use;
  }

  private constructor(context: CallContext) {
    this.#context = context;
    this.terminal = servicesOf(context).terminal;
  }

  async write(text: string | Uint8Array): Promise<void> {
    if (this.terminal.isTty) this.#observe(text);
    await this.terminal.write(text);
  }

  async writeError(text: string | Uint8Array): Promise<void> {
    if (this.terminal.errorsAreTty) this.#observe(text);
    await this.terminal.writeError(text);
  }

  /** Escape sequences; nothing where nobody would see them. */
  async steer(sequences: string): Promise<void> {
    if (this.terminal.isTty) await this.write(sequences);
  }

  /** Pastes are marked while the input is raw. CONFLICT where another process has it so. */
  async setRaw(mode: RawMode | undefined): Promise<void> {
    const holder = holders.get(this.terminal);
    if (holder !== undefined && holder !== this) {
      throw new TroupeError(
        `io.raw_mode: ${holder.#context.pid} has the terminal in raw mode, and only it can change that`,
        {
          kind: 'CONFLICT',
          details: { holder: holder.#context.pid },
        },
      );
    }
    if (mode === undefined && holder === undefined) return;
    await this.terminal.setRaw(mode);
    if (mode === undefined) holders.delete(this.terminal);
    else {
      this.#bind();
      holders.set(this.terminal, this);
    }
    await this.steer(`\u001b[?2004${mode === undefined ? 'l' : 'h'}`);
  }

  /** Post each new size on this topic; undefined: no more. */
  tellSizes(topic: string | undefined): void {
    this.#stopResize?.();
    this.#stopResize = undefined;
    if (topic === undefined) return;
    this.#bind();
    this.#stopResize = this.terminal.onResize(({ columns, rows }: TerminalSize) => {
      // A full mailbox has sizes enough: what counts is asked for by `columns` and `rows`.
      this.#context.post(topic, { columns, rows });
    });
  }

  #observe(text: string | Uint8Array): void {
    this.#modes.observe(asText(text));
    if (this.#modes.any) this.#bind();
  }

  /** From now on there is something to undo. */
  #bind(): void {
    if (this.#bound) return;
    this.#bound = true;
    this.#context.onClose(() => {
      this.tellSizes(undefined);
      // What cannot be written any more needs no undoing.
      const ignore = (): void => undefined;
      if (holders.get(this.terminal) === this) {
        holders.delete(this.terminal);
        this.terminal.setRaw(undefined).catch(ignore);
      }
      const undo = this.#modes.undo();
      if (undo !== '') this.terminal.write(undo).catch(ignore);
    });
  }
}
