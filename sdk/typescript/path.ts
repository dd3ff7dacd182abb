/** A concurrent path of a process that is a generator: the main one, or one started by `fork`. */
export class Path {
  readonly generator: Generator<unknown, unknown, unknown>;
  readonly main: boolean;
  constructor(generator: Generator<unknown, unknown, unknown>, main: boolean) {
    this.generator = generator;
    this.main = main;
  }
}

/** A path that has not begun. */
export class Fork {
  readonly start: (...args: unknown[]) => unknown;
  readonly args: unknown[];
  constructor(start: (...args: unknown[]) => unknown, args: unknown[]) {
    this.start = start;
    this.args = args;
  }
}
