use crate::decoder::{Decoder, Type};
use crate::encoder::Encoder;
use crate::error::Error;
use crate::value::Value;

/// What can be sent: numbers, text, `Value`, lists of these, and types of the program that say how.
pub trait Encode {
    fn encode(&self, encoder: &mut Encoder);
}

/// What can be read from a payload.
pub trait Decode: Sized {
    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, Error>;
}

/// Bytes, which a list of numbers is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

/// A payload from a value.
pub fn encode(value: &(impl Encode + ?Sized)) -> Vec<u8> {
    let mut encoder = Encoder::new();
    value.encode(&mut encoder);
    encoder.bytes().to_vec()
}

/// The payload of a list or a map, where nil stands for the empty one: no bytes.
#[cfg(target_arch = "wasm32")]
pub(crate) fn encode_some(value: &impl Encode) -> Vec<u8> {
    let bytes = encode(value);
    if bytes == [0xc0] {
        Vec::new()
    } else {
        bytes
    }
}

/// A value from a payload; no bytes are nil.
pub fn decode<T: Decode>(payload: &[u8]) -> Result<T, Error> {
    T::decode(&mut Decoder::new(if payload.is_empty() { &[0xc0] } else { payload }))
}

impl<T: Encode + ?Sized> Encode for &T {
    fn encode(&self, encoder: &mut Encoder) {
        (**self).encode(encoder);
    }
}

impl<T: Encode> Encode for [T] {
    fn encode(&self, encoder: &mut Encoder) {
        encoder.list(self.len());
        for item in self {
            item.encode(encoder);
        }
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, encoder: &mut Encoder) {
        self.as_slice().encode(encoder);
    }
}

impl<T: Encode, const N: usize> Encode for [T; N] {
    fn encode(&self, encoder: &mut Encoder) {
        self.as_slice().encode(encoder);
    }
}

impl<T: Encode> Encode for Option<T> {
    fn encode(&self, encoder: &mut Encoder) {
        match self {
            Some(value) => value.encode(encoder),
            None => encoder.nil(),
        }
    }
}

macro_rules! encode {
    ($($type:ty => |$value:ident, $encoder:ident| $written:expr;)*) => {
        $(impl Encode for $type {
            fn encode(&self, $encoder: &mut Encoder) {
                let $value = self;
                $written
            }
        })*
    };
}

encode! {
    () => |_nothing, encoder| encoder.nil();
    bool => |value, encoder| encoder.bool(*value);
    i32 => |value, encoder| encoder.int((*value).into());
    u32 => |value, encoder| encoder.uint((*value).into());
    i64 => |value, encoder| encoder.int(*value);
    u64 => |value, encoder| encoder.uint(*value);
    usize => |value, encoder| encoder.uint(*value as u64);
    f64 => |value, encoder| encoder.float(*value);
    str => |value, encoder| encoder.text(value);
    String => |value, encoder| encoder.text(value);
    Bytes => |value, encoder| encoder.binary(&value.0);
    Error => |value, encoder| encoder.error(value);
}

impl Encode for Value {
    fn encode(&self, encoder: &mut Encoder) {
        match self {
            Value::Nil => encoder.nil(),
            Value::Bool(value) => encoder.bool(*value),
            Value::Int(value) => encoder.int(*value),
            Value::Uint(value) => encoder.uint(*value),
            Value::Float(value) => encoder.float(*value),
            Value::Text(value) => encoder.text(value),
            Value::Bytes(value) => encoder.binary(value),
            Value::List(items) => items.encode(encoder),
            Value::Map(pairs) => {
                encoder.map(pairs.len());
                for (key, value) in pairs {
                    encoder.text(key);
                    value.encode(encoder);
                }
            }
            Value::Error(error) => encoder.error(error),
        }
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(decoder: &mut Decoder<'_>) -> Result<Vec<T>, Error> {
        let length = decoder.list()?;
        (0..length).map(|_| T::decode(decoder)).collect()
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(decoder: &mut Decoder<'_>) -> Result<Option<T>, Error> {
        if decoder.peek()? == Type::Nil {
            return decoder.nil().map(|()| None);
        }
        T::decode(decoder).map(Some)
    }
}

macro_rules! decode {
    ($($type:ty => |$decoder:ident| $read:expr;)*) => {
        $(impl Decode for $type {
            fn decode($decoder: &mut Decoder<'_>) -> Result<$type, Error> {
                $read
            }
        })*
    };
}

decode! {
    () => |decoder| decoder.nil();
    bool => |decoder| decoder.bool();
    i64 => |decoder| decoder.int();
    u64 => |decoder| decoder.uint();
    f64 => |decoder| decoder.float();
    String => |decoder| decoder.text().map(str::to_string);
    Bytes => |decoder| decoder.binary().map(|bytes| Bytes(bytes.to_vec()));
    Error => |decoder| decoder.error();
}

impl Decode for Value {
    fn decode(decoder: &mut Decoder<'_>) -> Result<Value, Error> {
        Ok(match decoder.peek()? {
            Type::Nil => decoder.nil()?.into(),
            Type::Bool => decoder.bool()?.into(),
            Type::Int => match decoder.int() {
                Ok(value) => value.into(),
                Err(_) => decoder.uint()?.into(),
            },
            Type::Float => decoder.float()?.into(),
            Type::Text => decoder.text()?.into(),
            Type::Bytes => Value::Bytes(decoder.binary()?.to_vec()),
            Type::List => Value::List(Vec::decode(decoder)?),
            Type::Map => {
                let length = decoder.map()?;
                let pairs: Result<_, Error> =
                    (0..length).map(|_| Ok((decoder.text()?.to_string(), Value::decode(decoder)?))).collect();
                Value::Map(pairs?)
            }
            Type::Error => decoder.error()?.into(),
        })
    }
}
