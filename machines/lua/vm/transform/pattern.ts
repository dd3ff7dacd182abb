/**
 * Patterns over instructions. A pattern is written as the instructions it matches, separated by blanks:
 *
 *     get.0 load8_u.{status} end        captures the offset as `status`
 *     get.{L} call.* get.{L}            any function; the same local twice
 *
 * Names are those of `mnemonics.ts`; a name without a dot matches whatever its immediate.
 */
import type { Instruction } from './instruction.ts';
import { opcodeOf } from './mnemonics.ts';
import { refusal } from './refusal.ts';

interface Token {
  readonly op: number;
  /** What the immediate must be; undefined: anything. */
  readonly value: number | undefined;
  /** Name under which the immediate is kept. */
  readonly capture: string | undefined;
}

/** Instructions `[first, end)` of a function that a pattern was found in. */
export interface Match {
  readonly first: number;
  readonly end: number;
  readonly captures: { readonly [name: string]: number };
}

const TOKEN = /^([a-z][a-z0-9_]*)(?:\.(?:(-?\d+)|\{([a-zA-Z0-9]+)\}|\*))?$/;

export class Pattern {
  readonly source: string;
  readonly #tokens: readonly Token[];

  constructor(source: string) {
    this.source = source.trim().replace(/\s+/g, ' ');
    this.#tokens = this.source.split(' ').map(text => {
      const [, name, value, capture] = TOKEN.exec(text) ?? [];
      const op = name === undefined ? undefined : opcodeOf(name);
      if (op === undefined) throw refusal(`"${text}" is no instruction, in the pattern "${this.source}"`);
      return { op, value: value === undefined ? undefined : Number(value), capture };
    });
  }

  /** The match that begins at instruction `first`, if there is one. */
  at(instructions: readonly Instruction[], first: number): Match | undefined {
    const tokens = this.#tokens;
    if (first + tokens.length > instructions.length) return undefined;
    const captures: { [name: string]: number } = {};
    for (let i = 0; i < tokens.length; i++) {
      const token = tokens[i];
      const { op, value } = instructions[first + i];
      if (op !== token.op) return undefined;
      if (token.value !== undefined && token.value !== value) return undefined;
      if (token.capture === undefined) continue;
      const known = captures[token.capture];
      if (known !== undefined && known !== value) return undefined;
      captures[token.capture] = value;
    }
    return { first, end: first + tokens.length, captures };
  }

  /** All matches, in order. */
  all(instructions: readonly Instruction[]): Match[] {
    const matches: Match[] = [];
    for (let i = 0; i < instructions.length; i++) {
      const match = this.at(instructions, i);
      if (match !== undefined) matches.push(match);
    }
    return matches;
  }
}
