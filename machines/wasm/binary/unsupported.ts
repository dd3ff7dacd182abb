import { TroupeError } from '../../../runtime/errors.ts';

export interface UnsupportedPlace {
  /** Byte offset in the module. */
  offset?: number;
  /** Index of the function, imports counted first. */
  functionIndex?: number;
  functionName?: string;
}

/**
 * A valid module that uses something this version cannot work with. Kind INVALID; the message names the feature, the
 * function where there is one, and what to do about it.
 */
export class Unsupported extends TroupeError {
  readonly reason: string;
  readonly advice: string;
  readonly offset: number | undefined;
  readonly functionIndex: number | undefined;
  readonly functionName: string | undefined;

  /**
   * @param reason what is not supported, for example `exception handling`
   * @param advice what the author can do, an imperative sentence
   */
  constructor(reason: string, advice: string, place: UnsupportedPlace = {}) {
    const { offset, functionIndex, functionName } = place;
    let where = '';
    if (functionIndex !== undefined) where = ` in function ${functionIndex}${functionName ? ` (${functionName})` : ''}`;
    if (offset !== undefined) where += ` at byte ${offset}`;
    super(`this WebAssembly module uses ${reason}${where}, which is not supported. ${advice}`, {
      kind: 'INVALID',
      retryable: false,
      place: functionName ?? (functionIndex !== undefined ? `function ${functionIndex}` : undefined),
      details: {
        reason,
        ...(functionIndex === undefined ? {} : { function: functionIndex }),
        ...(offset === undefined ? {} : { offset }),
      },
    });
    this.reason = reason;
    this.advice = advice;
    this.offset = offset;
    this.functionIndex = functionIndex;
    this.functionName = functionName;
  }
}

/** Proposals that are recognised, so that the refusal can say what to change. */
export const Feature = {
  Exceptions: [
    'exception handling',
    'Compile it without WebAssembly exceptions (clang and Emscripten: leave out -fwasm-exceptions).',
  ],
  TailCalls: ['tail calls', 'Compile it without -mtail-call.'],
  Memory64: ['a 64-bit memory', 'Compile it for wasm32.'],
  Table64: ['a table with 64-bit indices', 'Compile it for wasm32.'],
  MultiMemory: ['more than one memory', 'Compile it with one memory.'],
  Gc: [
    'garbage-collected or typed references',
    'Compile it for core WebAssembly 2.0 (no GC, no typed function references).',
  ],
  RelaxedSimd: ['relaxed SIMD', 'Compile it without -mrelaxed-simd.'],
  TableInit: [
    'a table with an initial value',
    'Compile it for core WebAssembly 2.0 and fill the table with an element segment.',
  ],
  Component: ['the component model', 'Give the core module instead of the component (wasm-tools component unbundle).'],
} as const satisfies { [name: string]: readonly [reason: string, advice: string] };
export type Feature = (typeof Feature)[keyof typeof Feature];

export function refuse(feature: Feature, place: UnsupportedPlace): never {
  throw new Unsupported(feature[0], feature[1], place);
}
