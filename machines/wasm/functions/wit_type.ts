/** Types of `wit:` texts, resolved: a name stands for what it was declared as. Plain data that can be cloned and shared. */

export const WIT_PRIMITIVES = [
  'bool',
  's8',
  's16',
  's32',
  's64',
  'u8',
  'u16',
  'u32',
  'u64',
  'f32',
  'f64',
  'char',
  'string',
] as const;
export type WitPrimitive = (typeof WIT_PRIMITIVES)[number];

export interface WitField {
  readonly name: string;
  readonly type: WitType;
}

export interface WitCase {
  readonly name: string;
  /** Undefined for a case that carries nothing. */
  readonly type: WitType | undefined;
}

export interface WitList {
  readonly kind: 'list';
  readonly element: WitType;
}
export interface WitOption {
  readonly kind: 'option';
  readonly some: WitType;
}
export interface WitResult {
  readonly kind: 'result';
  readonly ok: WitType | undefined;
  readonly err: WitType | undefined;
}
export interface WitTuple {
  readonly kind: 'tuple';
  readonly types: readonly WitType[];
}
export interface WitRecord {
  readonly kind: 'record';
  readonly name: string;
  readonly fields: readonly WitField[];
}
export interface WitVariant {
  readonly kind: 'variant';
  readonly name: string;
  readonly cases: readonly WitCase[];
}
export interface WitEnum {
  readonly kind: 'enum';
  readonly name: string;
  readonly cases: readonly string[];
}
export interface WitFlags {
  readonly kind: 'flags';
  readonly name: string;
  readonly flags: readonly string[];
}

export type WitCompound = WitList | WitOption | WitResult | WitTuple | WitRecord | WitVariant | WitEnum | WitFlags;
export type WitType = WitPrimitive | WitCompound;

export interface WitFunction {
  readonly name: string;
  readonly params: readonly WitField[];
  readonly result: WitType | undefined;
}

/** A type as it is written; records and the like by their name. */
export function showType(type: WitType): string {
  if (typeof type === 'string') return type;
  switch (type.kind) {
    case 'list':
      return `list<${showType(type.element)}>`;
    case 'option':
      return `option<${showType(type.some)}>`;
    case 'tuple':
      return `tuple<${type.types.map(showType).join(', ')}>`;
    case 'result':
      return showResult(type);
    default:
      return type.name;
  }
}

function showResult({ ok, err }: WitResult): string {
  if (err !== undefined) return `result<${ok === undefined ? '_' : showType(ok)}, ${showType(err)}>`;
  return ok === undefined ? 'result' : `result<${showType(ok)}>`;
}
