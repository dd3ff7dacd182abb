/**
 * What is wrong with a deployment. Nothing is thrown at the first mistake: every part of the registry adds to one list,
 * and `loadDeployment` throws them all at once, sorted by place.
 */
import { type ErrorKind, TroupeError } from '../errors.ts';
import { type Place, showPlace } from './entry.ts';

export interface Problem {
  readonly place: Place;
  /** One sentence in plain words that says what to do next. */
  readonly message: string;
  readonly kind: ErrorKind;
}

/** `file:line:column: message`. */
export function showProblem(problem: Problem): string {
  return `${showPlace(problem.place)}: ${problem.message}`;
}

export class ProblemList {
  readonly found: Problem[] = [];

  add(place: Place, message: string, kind: ErrorKind = 'INVALID'): void {
    this.found.push({ place, message, kind });
  }

  addAll(problems: readonly Problem[]): void {
    for (const problem of problems) this.found.push(problem);
  }

  /** By file, line and column; a line of text that would be printed twice is kept once. */
  sorted(): Problem[] {
    const sorted = [...this.found].sort((a, b) => comparePlaces(a.place, b.place));
    return sorted.filter((problem, i) => i === 0 || showProblem(problem) !== showProblem(sorted[i - 1]));
  }
}

export function comparePlaces(a: Place, b: Place): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}

/** A deployment cannot be loaded. `problems` has every reason; `errors` the same as TroupeErrors with their place. */
export class DeploymentError extends AggregateError {
  override readonly name = 'DeploymentError';
  readonly kind: ErrorKind = 'INVALID';
  readonly problems: readonly Problem[];

  /** Captures no host stack: the places are in the problems. */
  constructor(problems: readonly Problem[]) {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(
      problems.map(
        problem => new TroupeError(problem.message, { kind: problem.kind, place: showPlace(problem.place) }),
      ),
      problems.map(showProblem).join('\n'),
    );
    Error.stackTraceLimit = limit;
    this.problems = problems;
  }

  /** One line a problem: `file:line:column: message`. */
  override toString(): string {
    return this.message;
  }
}
