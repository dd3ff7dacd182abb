/**
 * The terminal of this process, or one over streams that are given. What was switched on in it (raw mode, another screen, a
 * hidden cursor, colours) is switched off again when it is closed, when this process exits or fails, and while the
 * process is suspended; only SIGKILL and a crash of Node itself leave no time for that.
 */
import { isatty } from 'node:tty';
import { type Clock, systemClock } from '../clock.ts';
import { TroupeError } from '../errors.ts';
import { type ColorDepth, colorDepth } from './color_depth.ts';
import { LineReader, withoutEnd } from './line_reader.ts';
import { ScreenModes } from './screen_modes.ts';
import { asText, noKeyboard, type RawMode, type Terminal, type TerminalSize, USUAL_SIZE } from './terminal.ts';

type Input = NodeJS.ReadableStream & { isTTY?: boolean; setRawMode?(on: boolean): unknown };
type Screen = NodeJS.WritableStream & { isTTY?: boolean; columns?: number; rows?: number };

/** What a terminal itself does with Ctrl-C and Ctrl-Z in cooked mode. */
export interface Job {
  interrupt(): void;
  /** The whole group of processes, as a terminal does. */
  suspend(): void;
  /** This process stops here; the shell lets it go on. */
  stop(): void;
}

const realJob: Job = {
  interrupt: () => process.kill(process.pid, 'SIGINT'),
  suspend: () => process.kill(0, 'SIGTSTP'),
  stop: () => process.kill(process.pid, 'SIGTSTP'),
};

export interface StreamTerminalOptions {
  readonly environment?: { readonly [name: string]: string | undefined };
  readonly clock?: Clock;
  readonly job?: Job;
}

const ownInput = (): Input => process.stdin;

const CTRL_C = 3;
const CTRL_Z = 26;

/** Milliseconds after which a process that should have stopped and has not goes on: where no shell waits for it, none can stop. */
const STOP_PAUSE = 100;

export class StreamTerminal implements Terminal {
  readonly args: readonly string[];
  readonly colors: ColorDepth;
  /** May be replaced: what Ctrl-C does in raw mode. */
  onInterrupt: () => void;
  readonly #input: () => Input;
  readonly #output: Output;
  readonly #errors: Output;
  readonly #lines: LineReader;
  readonly #clock: Clock;
  readonly #job: Job;
  readonly #modes = new ScreenModes();
  readonly #resized = new Set<(size: TerminalSize) => void>();
  readonly #tellSize = (): void => {
    const size = { columns: this.columns, rows: this.rows };
    for (const listener of this.#resized) listener(size);
  };
  #raw: RawMode | undefined;
  #watched = false;
  #suspended = false;

  /** Input is not touched until something is asked of it. */
  constructor(
    args: readonly string[],
    input: () => Input = ownInput,
    output: Screen = process.stdout,
    errors: Screen = process.stderr,
    { environment = process.env, clock = systemClock, job = realJob }: StreamTerminalOptions = {},
  ) {
    this.args = args;
    this.#input = input;
    this.#output = new Output(output, 'standard output');
    this.#errors = new Output(errors, 'standard error');
    this.#lines = new LineReader(input);
    this.#clock = clock;
    this.#job = job;
    this.onInterrupt = job.interrupt;
    this.colors = colorDepth(environment, this.isTty);
  }

  get columns(): number {
    return this.#output.stream.columns ?? USUAL_SIZE.columns;
  }

  get rows(): number {
    return this.#output.stream.rows ?? USUAL_SIZE.rows;
  }

  get isTty(): boolean {
    return this.#output.isTty;
  }

  get errorsAreTty(): boolean {
    return this.#errors.isTty;
  }

  get inputIsTty(): boolean {
    return this.#input === ownInput ? isatty(0) : this.#input().isTTY === true;
  }

  write(text: string | Uint8Array): Promise<void> {
    return this.#writeTo(this.#output, text);
  }

  writeError(text: string | Uint8Array): Promise<void> {
    return this.#writeTo(this.#errors, text);
  }

  #writeTo(output: Output, text: string | Uint8Array): Promise<void> {
    if (output.isTty) {
      this.#modes.observe(asText(text));
      this.#watch();
    }
    return output.write(text);
  }

  async readLine(): Promise<string | undefined> {
    const line = await this.#lines.next(true);
    return line === undefined ? undefined : withoutEnd(line.toString('utf8'));
  }

  readPiece(): Promise<Uint8Array | undefined> {
    return this.#lines.next(false);
  }

  async setRaw(mode: RawMode | undefined): Promise<void> {
    if (mode !== undefined && !this.inputIsTty) throw noKeyboard();
    if (mode === undefined && this.#raw === undefined) return;
    this.#raw = mode;
    this.#applyRaw();
    this.#watch();
  }

  onResize(listener: (size: TerminalSize) => void): () => void {
    if (this.#resized.size === 0) this.#output.stream.on('resize', this.#tellSize);
    this.#resized.add(listener);
    return () => {
      this.#resized.delete(listener);
      if (this.#resized.size === 0) this.#output.stream.off('resize', this.#tellSize);
    };
  }

  /** Switch off what was switched on. */
  readonly restore = (): void => {
    const undo = this.#modes.undo();
    this.#modes.forget();
    if (this.#raw !== undefined) {
      this.#raw = undefined;
      this.#applyRaw();
    }
    // A terminal takes it at once, also when this process is about to exit.
    if (undo !== '') this.#screen?.show(undo);
    this.#watch();
  };

  /** As it was, and nobody reads any more: input that was waited for and has not come no longer keeps Node alive. */
  close(): void {
    this.restore();
    this.#lines.close();
    this.#resized.clear();
    this.#output.stream.off('resize', this.#tellSize);
  }

  get #screen(): Output | undefined {
    if (this.#output.isTty) return this.#output;
    return this.#errors.isTty ? this.#errors : undefined;
  }

  #applyRaw(): void {
    const raw = this.#raw;
    this.#input().setRawMode?.(raw !== undefined);
    if (raw === undefined) {
      this.#lines.watchFor(undefined);
      return;
    }
    const signals = new Map<number, () => void>();
    if (raw.ctrlC === 'cancel') signals.set(CTRL_C, () => this.onInterrupt());
    if (raw.ctrlZ === 'suspend' && process.platform !== 'win32') signals.set(CTRL_Z, () => this.#job.suspend());
    this.#lines.watchFor(signals);
  }

  /** While something is switched on, and only then: be there when this process exits, fails, is stopped or goes on. */
  #watch(): void {
    const wanted = this.#raw !== undefined || this.#modes.any;
    if (wanted === this.#watched || this.#suspended) return;
    this.#watched = wanted;
    const listeners = { exit: this.restore, uncaughtExceptionMonitor: this.restore, SIGTSTP: this.#suspend };
    for (const [event, listener] of Object.entries(listeners)) {
      if (wanted) process.on(event, listener);
      else process.off(event, listener);
    }
  }

  readonly #suspend = (): void => {
    this.#suspended = true;
    const undo = this.#modes.undo();
    if (undo !== '') this.#screen?.show(undo);
    if (this.#raw !== undefined) this.#input().setRawMode?.(false);
    // With a listener the signal would not stop anybody.
    process.off('SIGTSTP', this.#suspend);
    const resume = (): void => {
      if (!this.#suspended) return;
      this.#suspended = false;
      process.off('SIGCONT', resume);
      this.#clock.disarm(armed);
      if (this.#watched) process.on('SIGTSTP', this.#suspend);
      if (this.#raw !== undefined) this.#input().setRawMode?.(true);
      const redo = this.#modes.redo();
      if (redo !== '') this.#screen?.show(redo);
      this.#watch();
      // Whoever draws must draw anew.
      this.#tellSize();
    };
    process.on('SIGCONT', resume);
    const armed = this.#clock.arm(STOP_PAUSE, resume);
    this.#job.stop();
  };
}

/** A writable stream whose failure (a closed pipe) is an answer to the writer, not an uncaught exception. */
class Output {
  readonly stream: Screen;
  readonly #name: string;
  #watched = false;

  constructor(stream: Screen, name: string) {
    this.stream = stream;
    this.#name = name;
  }

  get isTty(): boolean {
    return this.stream.isTTY === true;
  }

  write(text: string | Uint8Array): Promise<void> {
    this.#watch();
    return new Promise((resolve, reject) => {
      this.stream.write(text, failure => {
        if (failure === undefined || failure === null) resolve();
        else reject(new TroupeError(`${this.#name} is closed: ${failure.message}`, { kind: 'UNAVAILABLE' }));
      });
    });
  }

  /** Write what nobody waits for: a terminal that is gone need not be told. */
  show(text: string): void {
    this.#watch();
    this.stream.write(text);
  }

  #watch(): void {
    if (this.#watched) return;
    this.#watched = true;
    // The failure itself reaches the writer through the callback of its write.
    this.stream.on('error', () => undefined);
  }
}
