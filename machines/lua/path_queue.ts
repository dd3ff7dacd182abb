/** First in, first out, without moving the rest: a process may have thousands of paths. */
import type { Path } from './path.ts';

export class PathQueue {
  readonly #paths: (Path | undefined)[] = [];
  #head = 0;

  get empty(): boolean {
    return this.#head === this.#paths.length;
  }

  push(path: Path): void {
    this.#paths.push(path);
  }

  shift(): Path | undefined {
    if (this.empty) return undefined;
    const path = this.#paths[this.#head];
    this.#paths[this.#head++] = undefined;
    // A queue that never runs empty must not keep the room of what has left it.
    if (this.#head >= 1024 && this.#head * 2 >= this.#paths.length) {
      this.#paths.splice(0, this.#head);
      this.#head = 0;
    } else if (this.empty) {
      this.#paths.length = 0;
      this.#head = 0;
    }
    return path;
  }

  /** All, first come first. */
  get paths(): readonly Path[] {
    return this.#paths.slice(this.#head) as Path[];
  }

  /** Take back what was pushed last. */
  pop(): Path | undefined {
    return this.empty ? undefined : this.#paths.pop();
  }
}
