import { decode, encode } from "./codec";
import { Decoder } from "./decoder";
import { Encoder } from "./encoder";

/**
 * The fields of a class, named once for both ways: the payload is a map.
 *
 *     class Point {
 *       x: f64 = 0;
 *       y: f64 = 0;
 *
 *       fields(fields: Fields): void {
 *         this.x = fields.field("x", this.x);
 *         this.y = fields.field("y", this.y);
 *       }
 *     }
 *
 * When it is read, keys may come in any order, unknown ones are passed over, and a field that is missing keeps its value.
 */
export class Fields {
  /** Pairs: those counted, or those of the map that is read. */
  count: i32 = 0;
  private begin: usize = 0;
  /** Pairs from where the decoder stands. */
  private left: i32 = 0;

  private constructor(private encoder: Encoder | null, private decoder: Decoder | null) {}

  /** Only counts. */
  static counting(): Fields {
    return new Fields(null, null);
  }

  static writing(encoder: Encoder, count: i32): Fields {
    encoder.map(count);
    return new Fields(encoder, null);
  }

  static reading(decoder: Decoder): Fields {
    const made = new Fields(null, decoder);
    made.count = made.left = decoder.map();
    made.begin = decoder.position;
    return made;
  }

  /** Give the field as it is; answers what it is to be. */
  field<T>(name: string, value: T): T {
    const decoder = this.decoder;
    if (decoder !== null) return this.find(decoder, name) ? decode<T>(decoder) : value;
    const encoder = this.encoder;
    if (encoder === null) {
      this.count++;
    } else {
      encoder.string(name);
      encode<T>(encoder, value);
    }
    return value;
  }

  /** Go to the value of a key: mostly it is the next. False, and where it was, if there is none. */
  private find(decoder: Decoder, name: string): bool {
    const start = decoder.position;
    if (this.left > 0 && decoder.key() == name) {
      this.left--;
      return true;
    }
    decoder.seek(this.begin);
    for (let left = this.count; left > 0 && !decoder.failed; left--) {
      if (decoder.key() == name) {
        this.left = left - 1;
        return true;
      }
      decoder.skip();
    }
    decoder.seek(start);
    return false;
  }

  /** Go behind the map. */
  finish(): void {
    const decoder = this.decoder;
    if (decoder === null) return;
    for (; this.left > 0 && !decoder.failed; this.left--) {
      decoder.skip();
      decoder.skip();
    }
  }
}
