import { TroupeError } from '../../../runtime/errors.ts';
import type { Payload } from '../../../runtime/machine.ts';
import { showPath } from '../../../runtime/payload/refusal.ts';
import type { GuestMemory } from '../abi/memory.ts';
import type { Loaded } from '../instance/loaded.ts';
import { invalid, shown } from './numbers.ts';
import { showType, type WitFunction } from './wit_type.ts';

/**
 * Bytes that the values of one result may take in the host, by a rough count: pointers of a guest can lead to the same
 * memory many times over, so its size bounds nothing.
 */
const MAX_LIFTED = 2 ** 29;
const VALUE_BYTES = 64;

/** One way of values over the border: the arguments of a call, or its result. Knows where it is, for errors. */
export class Crossing {
  readonly loaded: Loaded;
  readonly memory: GuestMemory;
  /** From the parameter (or the result) to the value that is crossing: fields, cases and indices. */
  readonly path: (string | number)[] = [];
  readonly #signature: WitFunction;
  #left = MAX_LIFTED;

  constructor(loaded: Loaded, signature: WitFunction) {
    this.loaded = loaded;
    this.memory = loaded.memory;
    this.#signature = signature;
  }

  /** INVALID: an argument that does not fit. `problem` goes on from its name: "must be text". */
  refuse(problem: string): TroupeError {
    const [param, ...inner] = this.path;
    return invalid(`${showPath(`argument "${param}"`, inner)} of ${this.#signature.name} ${problem}`);
  }

  /** `refuse` of a value of the wrong kind. */
  mistaken(wanted: string, value: Payload): TroupeError {
    return this.refuse(`must be ${wanted}, got ${shown(value)}`);
  }

  /** INTERNAL: the guest gave what is no value of the type. */
  broken(problem: string): TroupeError {
    const { name, result } = this.#signature;
    const where = this.path.length === 0 ? '' : `${showPath('', this.path)}: `;
    return new TroupeError(`the result of ${name} is no ${showType(result!)}: ${where}${problem}`, {
      kind: 'INTERNAL',
    });
  }

  /** Before so many values are made of the guest's memory. */
  chargeValues(count: number): void {
    this.chargeBytes(count * VALUE_BYTES);
  }

  chargeBytes(count: number): void {
    this.#left -= count;
    if (this.#left < 0) {
      throw this.broken(`it has more than ${MAX_LIFTED / VALUE_BYTES} values or ${MAX_LIFTED} bytes of text`);
    }
  }

  /** The address that the guest's result gives for `size` bytes; checked. */
  address(pointer: number, size: number, align: number): number {
    const at = pointer >>> 0;
    if (!this.memory.holds(at, size)) throw this.broken(`${size} bytes at address ${at} are not inside the memory`);
    if (at % align !== 0) throw this.broken(`address ${at} is not a multiple of ${align}`);
    return at;
  }
}
