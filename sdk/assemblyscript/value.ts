import { pack } from "./codec";
import { Decoder, Kind } from "./decoder";
import { Encoder } from "./encoder";

/**
 * A payload of any shape: null, bool, int, float, string, bytes, list, map or error.
 *
 *     const order = Value.map().set("id", 7).set("tags", ["new", "urgent"]);
 *     const id = order.get("id").asInt();
 *
 * Reading never traps: what is missing or of another kind is null, 0, "" or empty. `isNull`, `kind` and `has` tell.
 */
export class Value {
  private bits: u64 = 0;
  private text: string = "";
  private data: Uint8Array | null = null;
  private items: Array<Value> | null = null;
  private entries: Map<string, Value> | null = null;

  private constructor(
    readonly kind: Kind,
    /** Of an int: it is beyond 63 bits, `asUint` reads it. */
    readonly isWide: bool = false,
  ) {}

  /** A value of a static type: whatever `encode` takes. */
  static of<T>(value: T): Value {
    if (isBoolean<T>()) {
      return Value.bool(<bool>value);
    } else if (isInteger<T>()) {
      return isSigned<T>() ? Value.int(<i64>value) : Value.uint(<u64>value);
    } else if (isFloat<T>()) {
      return Value.float(<f64>value);
    } else if (isNullable<T>()) {
      return changetype<usize>(value) == 0 ? Value.null() : Value.of<NonNullable<T>>(<NonNullable<T>>value);
    } else if (isString<T>()) {
      return Value.string(changetype<string>(value));
    } else if (idof<T>() == idof<Value>()) {
      return changetype<Value>(value);
    } else if (idof<T>() == idof<Array<Value>>()) {
      return Value.list(changetype<Array<Value>>(value));
    } else {
      return Value.decode(Decoder.of(pack<T>(value)));
    }
  }

  static null(): Value {
    return new Value(Kind.Null);
  }

  static bool(value: bool): Value {
    const made = new Value(Kind.Bool);
    made.bits = value ? 1 : 0;
    return made;
  }

  static int(value: i64): Value {
    const made = new Value(Kind.Int);
    made.bits = <u64>value;
    return made;
  }

  static uint(value: u64): Value {
    const made = new Value(Kind.Int, value > <u64>i64.MAX_VALUE);
    made.bits = value;
    return made;
  }

  static float(value: f64): Value {
    const made = new Value(Kind.Float);
    made.bits = reinterpret<u64>(value);
    return made;
  }

  static string(value: string): Value {
    const made = new Value(Kind.String);
    made.text = value;
    return made;
  }

  static bytes(value: Uint8Array): Value {
    const made = new Value(Kind.Bytes);
    made.data = value;
    return made;
  }

  static list(items: Array<Value> = []): Value {
    const made = new Value(Kind.List);
    made.items = items;
    return made;
  }

  static map(): Value {
    const made = new Value(Kind.Map);
    made.entries = new Map<string, Value>();
    return made;
  }

  /** An error object; `details` is a map or null. `retryable`: 1 yes, 0 no, -1 unknown. */
  static error(message: string, kind: string = "UNKNOWN", retryable: i32 = -1, details: Value | null = null): Value {
    const made = new Value(Kind.Error);
    made.entries = new Map<string, Value>();
    made.set("message", Value.string(message)).set("kind", Value.string(kind));
    if (retryable >= 0) made.set("retryable", Value.bool(retryable != 0));
    if (details !== null) made.set("details", details);
    return made;
  }

  get isNull(): bool {
    return this.kind == Kind.Null;
  }

  asBool(): bool {
    return this.kind == Kind.Bool && this.bits != 0;
  }

  /** Of a float: without its fraction. */
  asInt(): i64 {
    if (this.kind == Kind.Int) return <i64>this.bits;
    return this.kind == Kind.Float ? <i64>reinterpret<f64>(this.bits) : 0;
  }

  asUint(): u64 {
    return this.kind == Kind.Float ? <u64>reinterpret<f64>(this.bits) : this.kind == Kind.Int ? this.bits : 0;
  }

  asFloat(): f64 {
    if (this.kind == Kind.Float) return reinterpret<f64>(this.bits);
    if (this.kind != Kind.Int) return 0;
    return this.isWide ? <f64>this.bits : <f64>(<i64>this.bits);
  }

  asString(): string {
    return this.text;
  }

  asBytes(): Uint8Array {
    const data = this.data;
    return data === null ? new Uint8Array(0) : data;
  }

  /** The items of a list: changing the array changes the value. */
  asList(): Array<Value> {
    const items = this.items;
    return items === null ? [] : items;
  }

  /** How many items or keys. */
  get length(): i32 {
    const items = this.items;
    if (items !== null) return items.length;
    const entries = this.entries;
    return entries === null ? 0 : entries.size;
  }

  /** The item of a list; null outside of it. */
  at(index: i32): Value {
    const items = this.items;
    return items === null || index < 0 || index >= items.length ? Value.null() : items[index];
  }

  push<T>(value: T): Value {
    const items = this.items;
    if (items !== null) items.push(Value.of(value));
    return this;
  }

  has(key: string): bool {
    const entries = this.entries;
    return entries !== null && entries.has(key);
  }

  /** The value of a key of a map or an error; null where there is none. */
  get(key: string): Value {
    const entries = this.entries;
    return entries === null || !entries.has(key) ? Value.null() : entries.get(key);
  }

  set<T>(key: string, value: T): Value {
    const entries = this.entries;
    if (entries !== null) entries.set(key, Value.of(value));
    return this;
  }

  /** Another one with the same items or keys: changing those does not change this one. */
  copy(): Value {
    const made = new Value(this.kind, this.isWide);
    made.bits = this.bits;
    made.text = this.text;
    made.data = this.data;
    const items = this.items;
    if (items !== null) made.items = items.slice(0);
    const entries = this.entries;
    if (entries !== null) {
      const keys = entries.keys();
      const copied = new Map<string, Value>();
      for (let i = 0; i < keys.length; i++) copied.set(keys[i], entries.get(keys[i]));
      made.entries = copied;
    }
    return made;
  }

  keys(): Array<string> {
    const entries = this.entries;
    return entries === null ? [] : entries.keys();
  }

  encode(encoder: Encoder): void {
    switch (this.kind) {
      case Kind.Bool:
        encoder.bool(this.bits != 0);
        break;
      case Kind.Int:
        if (this.isWide) encoder.uint(this.bits);
        else encoder.int(<i64>this.bits);
        break;
      case Kind.Float:
        encoder.float(reinterpret<f64>(this.bits));
        break;
      case Kind.String:
        encoder.string(this.text);
        break;
      case Kind.Bytes:
        encoder.bytes(this.asBytes());
        break;
      case Kind.List: {
        const items = this.items!;
        encoder.list(items.length);
        for (let i = 0; i < items.length; i++) items[i].encode(encoder);
        break;
      }
      case Kind.Map:
        this.encodeEntries(encoder);
        break;
      case Kind.Error: {
        const body = new Encoder();
        this.encodeEntries(body);
        encoder.error(body);
        break;
      }
      default:
        encoder.nil();
    }
  }

  private encodeEntries(encoder: Encoder): void {
    const entries = this.entries!;
    const keys = entries.keys();
    encoder.map(keys.length);
    for (let i = 0; i < keys.length; i++) {
      encoder.string(keys[i]);
      entries.get(keys[i]).encode(encoder);
    }
  }

  /** The next value of a decoder, whatever it is; null where it has failed. */
  static decode(decoder: Decoder): Value {
    switch (decoder.next) {
      case Kind.Bool:
        return Value.bool(decoder.bool());
      case Kind.Int:
        return decoder.isWide ? Value.uint(decoder.uint()) : Value.int(decoder.int());
      case Kind.Float:
        return Value.float(decoder.float());
      case Kind.String:
        return Value.string(decoder.string());
      case Kind.Bytes:
        return Value.bytes(decoder.bytes());
      case Kind.List: {
        const count = decoder.list();
        const items = new Array<Value>();
        for (let i = 0; i < count && !decoder.failed; i++) items.push(Value.decode(decoder));
        return Value.list(items);
      }
      case Kind.Map: {
        const made = Value.map();
        made.decodeEntries(decoder);
        return made;
      }
      case Kind.Error: {
        if (!decoder.error()) return Value.null();
        const made = new Value(Kind.Error);
        made.entries = new Map<string, Value>();
        made.decodeEntries(decoder);
        return made;
      }
      default:
        decoder.skip();
        return Value.null();
    }
  }

  private decodeEntries(decoder: Decoder): void {
    for (let left = decoder.map(); left > 0 && !decoder.failed; left--) {
      const key = decoder.key();
      this.set(key, Value.decode(decoder));
    }
  }

  /** As text, much like JSON: for logs. */
  toString(): string {
    switch (this.kind) {
      case Kind.Bool:
        return this.bits != 0 ? "true" : "false";
      case Kind.Int:
        return this.isWide ? this.bits.toString() : (<i64>this.bits).toString();
      case Kind.Float:
        return reinterpret<f64>(this.bits).toString();
      case Kind.String:
        return quote(this.text);
      case Kind.Bytes:
        return `<${this.asBytes().length} bytes>`;
      case Kind.List: {
        const items = this.items!;
        const parts = new Array<string>(items.length);
        for (let i = 0; i < items.length; i++) parts[i] = items[i].toString();
        return `[${parts.join(",")}]`;
      }
      case Kind.Map:
      case Kind.Error: {
        const entries = this.entries!;
        const keys = entries.keys();
        const parts = new Array<string>(keys.length);
        for (let i = 0; i < keys.length; i++) parts[i] = `${quote(keys[i])}:${entries.get(keys[i]).toString()}`;
        return `{${parts.join(",")}}`;
      }
      default:
        return "null";
    }
  }
}

function quote(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
