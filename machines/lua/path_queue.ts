/** First in, first out, without moving the rest: a process may have thousands of paths, but most have one. */
import type { Path } from './path.ts';

export class PathQueue {
  /** The first, where there is just one: then nothing else is made. */
  #only: Path | undefined;
  #paths: (Path | undefined)[] | undefined;
  #head = 0;

  get empty(): boolean {
    return this.#only === undefined && (this.#paths === undefined || this.#head === this.#paths.length);
  }

  push(path: Path): void {
    if (this.empty) {
      this.#only = path;
      return;
    }
    this.#paths ??= [];
    if (this.#only !== undefined) {
      this.#paths.push(this.#only);
      this.#only = undefined;
    }
    this.#paths.push(path);
  }

  shift(): Path | undefined {
    const only = this.#only;
    if (only !== undefined) {
      this.#only = undefined;
      return only;
    }
    const paths = this.#paths;
    if (paths === undefined || this.#head === paths.length) return undefined;
    const path = paths[this.#head];
    paths[this.#head++] = undefined;
    // A queue that never runs empty must not keep the room of what has left it.
    if (this.#head >= 1024 && this.#head * 2 >= paths.length) {
      paths.splice(0, this.#head);
      this.#head = 0;
    } else if (this.#head === paths.length) {
      paths.length = 0;
      this.#head = 0;
    }
    return path;
  }

  /** All, first come first. */
  get paths(): readonly Path[] {
    if (this.#only !== undefined) return [this.#only];
    return (this.#paths?.slice(this.#head) ?? []) as Path[];
  }

  /** Take back what was pushed last. */
  pop(): Path | undefined {
    const only = this.#only;
    if (only !== undefined) {
      this.#only = undefined;
      return only;
    }
    return this.empty ? undefined : this.#paths!.pop();
  }
}
