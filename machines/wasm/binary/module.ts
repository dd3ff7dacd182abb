/** The shape of a decoded module: everything but the instructions. Source: core specification 5.5. */
import type { FunctionType } from './value_type.ts';

export const SectionId = {
  Custom: 0,
  Type: 1,
  Import: 2,
  Function: 3,
  Table: 4,
  Memory: 5,
  Global: 6,
  Export: 7,
  Start: 8,
  Element: 9,
  Code: 10,
  Data: 11,
  DataCount: 12,
  Tag: 13,
} as const;

/** The ids in the order in which sections must stand. */
export const SECTION_ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11] as const;

/** Kinds of imports and exports, by their byte. */
export const EXTERNAL_KINDS = ['function', 'table', 'memory', 'global', 'tag'] as const;
export type ExternalKind = (typeof EXTERNAL_KINDS)[number];

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** `start` and `end` bound the content; `header` is where the id stands. */
export interface Section extends Range {
  readonly id: number;
  readonly header: number;
}

/** Sizes in pages (64 KiB) for memories, in entries for tables. */
export interface Limits {
  readonly min: number;
  readonly max: number | undefined;
  readonly shared: boolean;
  /** 64-bit addresses. */
  readonly wide: boolean;
  /** Where the limits stand in the binary. */
  readonly range: Range;
}

export interface Import {
  readonly module: string;
  readonly name: string;
  readonly kind: ExternalKind;
  /** Index among the things of its kind; for functions also the function's index. */
  readonly index: number;
}

export interface Export {
  readonly name: string;
  readonly kind: ExternalKind;
  readonly index: number;
}

export interface Table {
  readonly type: number;
  readonly limits: Limits;
  readonly imported: boolean;
}

export interface Memory {
  readonly limits: Limits;
  readonly imported: boolean;
}

/** A constant expression: its bytes with the final `end`, and where it names functions. */
export interface Constant extends Range {
  readonly functions: readonly FunctionUse[];
}

/** A `ref.func` instruction. */
export interface FunctionUse extends Range {
  readonly index: number;
}

export interface Global {
  readonly type: number;
  readonly mutable: boolean;
  readonly imported: boolean;
  /** Where type and mutability stand. */
  readonly range: Range;
  /** Undefined for imported ones. */
  readonly initial: Constant | undefined;
}

/** An element segment: functions by index, or constant expressions. */
export interface ElementSegment {
  readonly flags: number;
  readonly table: number;
  readonly offset: Constant | undefined;
  /** Element kind or reference type, where the flags say that it is written. */
  readonly kind: number | undefined;
  readonly functions: readonly number[] | undefined;
  readonly expressions: readonly Constant[] | undefined;
}

export interface DataSegment {
  /** Where the content stands in the binary. */
  readonly content: Range;
  /** Address it is copied to when the module is instantiated; undefined for passive segments. */
  readonly offset: Constant | undefined;
}

export interface Module {
  readonly bytes: Uint8Array;
  /** All sections in the order of the file, custom ones included. */
  readonly sections: readonly Section[];
  readonly types: readonly FunctionType[];
  readonly imports: readonly Import[];
  /** Type index of every function, imported ones first. */
  readonly functions: readonly number[];
  readonly importedFunctions: number;
  readonly tables: readonly Table[];
  readonly memories: readonly Memory[];
  readonly globals: readonly Global[];
  readonly exports: readonly Export[];
  /** Index of the start function. */
  readonly start: number | undefined;
  readonly elements: readonly ElementSegment[];
  readonly data: readonly DataSegment[];
  /** Bodies (locals and code, without their size) of the functions that are not imported. */
  readonly bodies: readonly Range[];
  /** Whether it declares or imports exception tags. */
  readonly tags: boolean;
}

export function sectionOf(module: Module, id: number): Section | undefined {
  return module.sections.find(section => section.id === id);
}
