import { Bulk, Atomic, EMPTY_BLOCK, IMMEDIATES, Immediate, Op } from './opcodes.ts';
import { Reader } from './reader.ts';
import { Feature, refuse, Unsupported } from './unsupported.ts';
import { isValueType, valueBytes } from './value_type.ts';

/** The block type without parameters and results. */
const VOID_BLOCK = EMPTY_BLOCK - 128;
const NO_LABELS = new Uint32Array(0);

/**
 * A cursor over the instructions of one function body or constant expression. `next()` reads one and leaves it in the
 * fields, so that walking megabytes of code allocates nothing but branch tables.
 */
export class Instructions {
  readonly #reader: Reader;
  /** Byte range of the instruction. */
  start = 0;
  op = 0;
  /** The number after a prefix. */
  number = 0;
  /** Immediates; what they mean is said by `Immediate`. */
  first = 0;
  second = 0;
  /** `br_table`: the labels, the default last. */
  labels: Uint32Array = NO_LABELS;

  constructor(bytes: Uint8Array) {
    this.#reader = new Reader(bytes, 0, 0);
  }

  get end(): number {
    return this.#reader.at;
  }

  /** Go to a range that holds instructions only. */
  open(start: number, end: number): void {
    this.#reader.at = start;
    this.#reader.end = end;
  }

  /** Read the next instruction; false at the end of the range. Throws on bytes that are none. */
  next(): boolean {
    const reader = this.#reader;
    if (reader.at >= reader.end) return false;
    this.start = reader.at;
    const op = reader.bytes[reader.at++];
    this.op = op;
    switch (IMMEDIATES[op]) {
      case Immediate.None:
        return true;
      case Immediate.Index:
        this.first = reader.unsigned();
        return true;
      case Immediate.Number:
        reader.skipNumber();
        return true;
      case Immediate.Address:
        this.#address();
        return true;
      case Immediate.BlockType:
        this.first = reader.blockType();
        // Types of newer proposals are longer than what was read.
        if (this.first < 0 && this.first !== VOID_BLOCK && !isValueType(this.first + 128)) this.#newerType();
        return true;
      case Immediate.TwoIndices:
        this.first = reader.unsigned();
        this.second = reader.unsigned();
        return true;
      case Immediate.Labels: {
        const labels = new Uint32Array(reader.count() + 1);
        for (let i = 0; i < labels.length; i++) labels[i] = reader.unsigned();
        this.labels = labels;
        return true;
      }
      case Immediate.Bytes4:
        reader.skip(4);
        return true;
      case Immediate.Bytes8:
        reader.skip(8);
        return true;
      case Immediate.Types:
        for (let count = reader.count(); count > 0; count--) this.first = reader.valueType();
        return true;
      case Immediate.RefType:
        this.first = reader.byte();
        if (valueBytes(this.first) !== 0 || !isValueType(this.first)) this.#newerType();
        return true;
      case Immediate.Prefixed:
        this.number = reader.unsigned();
        this.#prefixed(op, this.number);
        return true;
      default:
        return this.#unknown(op);
    }
  }

  #address(): void {
    const alignment = this.#reader.unsigned();
    if (alignment >= 64) refuse(Feature.MultiMemory, { offset: this.start });
    this.#reader.skipNumber();
  }

  #prefixed(op: number, number: number): void {
    const reader = this.#reader;
    if (op === Op.PrefixBulk) {
      if (number < Bulk.MemoryInit) return;
      if (number > Bulk.TableFill) this.#unknown(op);
      reader.skipNumber();
      const two = number === Bulk.MemoryInit || number === Bulk.TableInit;
      if (two || number === Bulk.MemoryCopy || number === Bulk.TableCopy) reader.skipNumber();
    } else if (op === Op.PrefixSimd) {
      if (number >= 256) refuse(Feature.RelaxedSimd, { offset: this.start });
      if (number <= 11 || number === 92 || number === 93) this.#address();
      else if (number === 12 || number === 13) reader.skip(16);
      else if (number >= 21 && number <= 34) reader.skip(1);
      else if (number >= 84 && number <= 91) {
        this.#address();
        reader.skip(1);
      }
    } else if (number === Atomic.Fence) {
      reader.skip(1);
    } else {
      if (number > 0x4e || (number > Atomic.Fence && number < 0x10)) this.#unknown(op);
      this.#address();
    }
  }

  #newerType(): never {
    return refuse(Feature.Gc, { offset: this.start });
  }

  #unknown(op: number): never {
    const offset = this.start;
    if (op === 0x12 || op === 0x13 || op === 0x15) refuse(Feature.TailCalls, { offset });
    if ((op >= 0x06 && op <= 0x0a) || op === 0x18 || op === 0x19 || op === 0x1f) refuse(Feature.Exceptions, { offset });
    if (op === 0xfb || op === 0x14 || (op >= 0xd3 && op <= 0xd6)) refuse(Feature.Gc, { offset });
    const code = `0x${op.toString(16).padStart(2, '0')}`;
    throw new Unsupported(
      `the unknown instruction ${IMMEDIATES[op] === Immediate.Prefixed ? `${code} ${this.number}` : code}`,
      'Compile it for core WebAssembly 2.0.',
      { offset },
    );
  }
}
