/** A terminal in memory: a keyboard to type on and a screen to look at. */
import { PassThrough, Writable } from 'node:stream';
import type { Job } from '../../runtime/hosts/stream_terminal.ts';
import { StreamTerminal } from '../../runtime/hosts/stream_terminal.ts';

export class FakeKeyboard extends PassThrough {
  readonly isTTY = true;
  isRaw = false;

  setRawMode(on: boolean): this {
    this.isRaw = on;
    return this;
  }
}

export class FakeScreen extends Writable {
  readonly isTTY = true;
  columns = 40;
  rows = 12;
  /** Everything that was written. */
  text = '';
  readonly #looks = new Set<() => void>();

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
    for (const look of [...this.#looks]) look();
  }

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.emit('resize');
  }

  /** Resolves once this was written, after `from` characters of text. */
  wrote(part: string, from = 0): Promise<void> {
    return new Promise(resolve => {
      const look = (): void => {
        if (!this.text.includes(part, from)) return;
        this.#looks.delete(look);
        resolve();
      };
      this.#looks.add(look);
      look();
    });
  }
}

export class FakeTty {
  readonly keyboard = new FakeKeyboard();
  readonly screen = new FakeScreen();
  /** What its keys asked for. */
  readonly asked: string[] = [];
  readonly terminal: StreamTerminal;

  constructor(args: readonly string[] = [], environment: { readonly [name: string]: string } = { TERM: 'xterm' }) {
    const job: Job = {
      interrupt: () => this.asked.push('interrupt'),
      suspend: () => this.asked.push('suspend'),
      stop: () => this.asked.push('stop'),
    };
    this.terminal = new StreamTerminal(args, () => this.keyboard, this.screen, this.screen, { environment, job });
  }
}
