/** The children of a supervisor: in the order of their start, and by key. Nothing here takes longer with many of them. */
import type { TroupeError } from '../errors.ts';
import { Fallback } from './fallback.ts';
import type { ChildSpecification } from './specification.ts';

/**
 * `ended`: what comes of its end is still to be decided. `restarting`: its restart failed and is tried again.
 * `stopped`: it does not run and is not going to by itself.
 */
export type ChildState = 'starting' | 'running' | 'ended' | 'stopping' | 'restarting' | 'stopped';

export class Child {
  readonly key: string;
  readonly specification: ChildSpecification;
  state: ChildState = 'stopped';
  /** Of its present process, as long as it is not known to have ended. */
  pid: string | undefined = undefined;
  /** Which of all processes that this supervisor started is its latest; 0: none yet. */
  run = 0;
  /** Whether that one has waited for the first time. */
  up = false;
  /** Whether that one has ended. */
  gone = true;
  /** With which it ended last. */
  error: TroupeError | undefined = undefined;
  /** How often it was started again. */
  restarts = 0;
  /** Undefined: it is always what the entry is now. */
  readonly fallback: Fallback | undefined;
  previous: Child | undefined = undefined;
  next: Child | undefined = undefined;

  constructor(key: string, specification: ChildSpecification) {
    this.key = key;
    this.specification = specification;
    this.fallback = specification.fallback === 'previous' ? new Fallback() : undefined;
  }
}

export class Children {
  first: Child | undefined = undefined;
  last: Child | undefined = undefined;
  readonly #byKey = new Map<string, Child>();
  /** The number that the next child of a process gets. */
  readonly #numbers = new Map<string, number>();

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): Child | undefined {
    return this.#byKey.get(key);
  }

  /** At the end; undefined where its key is taken. */
  add(specification: ChildSpecification): Child | undefined {
    const { name, process } = specification;
    if (name !== undefined && this.#byKey.has(name)) return undefined;
    const child = new Child(name ?? this.#numbered(process), specification);
    this.#byKey.set(child.key, child);
    child.previous = this.last;
    if (this.last === undefined) this.first = child;
    else this.last.next = child;
    this.last = child;
    return child;
  }

  remove(child: Child): void {
    this.#byKey.delete(child.key);
    if (child.previous === undefined) this.first = child.next;
    else child.previous.next = child.next;
    if (child.next === undefined) this.last = child.previous;
    else child.next.previous = child.previous;
  }

  /** `app:worker`, `app:worker#2`, `app:worker#3`. No number is given twice, so that a key never comes to mean another child. */
  #numbered(process: string): string {
    let number = this.#numbers.get(process) ?? 1;
    let key: string;
    do {
      key = number === 1 ? process : `${process}#${number}`;
      number++;
    } while (this.#byKey.has(key));
    this.#numbers.set(process, number);
    return key;
  }
}
