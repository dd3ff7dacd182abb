import { Decoder } from "./decoder";
import { Encoder } from "./encoder";
import { Fields } from "./fields";
import { Value } from "./value";

/**
 * Write a value of a static type: integers, floats, bool, string, `Value`, `Uint8Array`, `ArrayBuffer`, arrays of these,
 * and any class with a method `fields(fields: Fields): void` or `encode(encoder: Encoder): void`. null stands for a nullable type's null.
 */
export function encode<T>(encoder: Encoder, value: T): void {
  if (isBoolean<T>()) {
    encoder.bool(<bool>value);
  } else if (isInteger<T>()) {
    if (isSigned<T>()) encoder.int(<i64>value);
    else encoder.uint(<u64>value);
  } else if (isFloat<T>()) {
    encoder.float(<f64>value);
  } else if (isNullable<T>()) {
    if (changetype<usize>(value) == 0) encoder.nil();
    else encode<NonNullable<T>>(encoder, <NonNullable<T>>value);
  } else if (isString<T>()) {
    encoder.string(changetype<string>(value));
  } else if (idof<T>() == idof<Uint8Array>()) {
    encoder.bytes(changetype<Uint8Array>(value));
  } else if (idof<T>() == idof<ArrayBuffer>()) {
    encoder.raw(changetype<usize>(value), changetype<ArrayBuffer>(value).byteLength);
  } else if (isArray<T>()) {
    encoder.list(value.length);
    for (let i = 0; i < value.length; i++) encode<valueof<T>>(encoder, value[i]);
  } else if (isDefined(value.fields)) {
    const counter = Fields.counting();
    value.fields(counter);
    value.fields(Fields.writing(encoder, counter.count));
  } else if (isDefined(value.encode)) {
    value.encode(encoder);
  } else {
    ERROR("give this class a method fields(fields: Fields): void, or send a Value");
  }
}

/**
 * Read a value of a static type; the same types as `encode`, classes with a constructor without arguments and a method
 * `fields(fields: Fields): void` or `decode(decoder: Decoder): void`. Where the value is another, `decoder.failed` is set.
 */
export function decode<T>(decoder: Decoder): T {
  if (isBoolean<T>()) {
    return <T>decoder.bool();
  } else if (isInteger<T>()) {
    return <T>decoder.int();
  } else if (isFloat<T>()) {
    return <T>decoder.float();
  } else if (isNullable<T>()) {
    if (decoder.nil()) return changetype<T>(0);
    return decode<NonNullable<T>>(decoder);
  } else if (isString<T>()) {
    return changetype<T>(decoder.string());
  } else if (idof<T>() == idof<Value>()) {
    return changetype<T>(Value.decode(decoder));
  } else if (idof<T>() == idof<Uint8Array>()) {
    return changetype<T>(decoder.bytes());
  } else if (idof<T>() == idof<ArrayBuffer>()) {
    return changetype<T>(decoder.bytes().buffer);
  } else if (isArray<T>()) {
    const items = instantiate<T>(0);
    for (let left = decoder.list(); left > 0 && !decoder.failed; left--) items.push(decode<valueof<T>>(decoder));
    return items;
  } else {
    const made = instantiate<T>();
    if (isDefined(made.fields)) {
      const reader = Fields.reading(decoder);
      made.fields(reader);
      reader.finish();
    } else {
      made.decode(decoder);
    }
    return made;
  }
}

/** Write a map with keys in the order of insertion. */
export function encodeMap<V>(encoder: Encoder, map: Map<string, V>): void {
  const keys = map.keys();
  encoder.map(keys.length);
  for (let i = 0; i < keys.length; i++) {
    encoder.string(keys[i]);
    encode<V>(encoder, map.get(keys[i]));
  }
}

/** Read a map whose values are all of one type. */
export function decodeMap<V>(decoder: Decoder): Map<string, V> {
  const map = new Map<string, V>();
  for (let left = decoder.map(); left > 0 && !decoder.failed; left--) {
    const key = decoder.key();
    map.set(key, decode<V>(decoder));
  }
  return map;
}

/** A value as MessagePack. */
export function pack<T>(value: T): Uint8Array {
  const encoder = new Encoder();
  encode<T>(encoder, value);
  return encoder.toBytes();
}

/** The value that these bytes stand for. */
export function unpack<T>(bytes: Uint8Array): T {
  return decode<T>(Decoder.of(bytes));
}
