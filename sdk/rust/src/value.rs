use crate::error::Error;

/// A payload of any shape.
///
/// Reading it never panics: `get` and `at` give `Nil` for what is missing, the `as_...` functions `None` for another type.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Nil,
    Bool(bool),
    Int(i64),
    /// An integer above the largest `Int`.
    Uint(u64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Value>),
    /// In the order of the sender.
    Map(Vec<(String, Value)>),
    Error(Box<Error>),
}

const NIL: Value = Value::Nil;

impl Value {
    /// An empty list, for `and`.
    pub fn list() -> Value {
        Value::List(Vec::new())
    }

    /// An empty map, for `with`.
    pub fn map() -> Value {
        Value::Map(Vec::new())
    }

    /// Add an item to a list. Panics if it is none.
    pub fn and(mut self, item: impl Into<Value>) -> Value {
        match &mut self {
            Value::List(items) => items.push(item.into()),
            _ => panic!("an item for what is no list"),
        }
        self
    }

    /// Set a key of a map. Panics if it is none.
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Value>) -> Value {
        let key = key.into();
        match &mut self {
            Value::Map(pairs) => match pairs.iter_mut().find(|pair| pair.0 == key) {
                Some(pair) => pair.1 = value.into(),
                None => pairs.push((key, value.into())),
            },
            _ => panic!("a key for what is no map"),
        }
        self
    }

    pub fn is_nil(&self) -> bool {
        *self == Value::Nil
    }

    /// The value under a key of a map.
    pub fn get(&self, key: &str) -> &Value {
        match self {
            Value::Map(pairs) => pairs.iter().find(|pair| pair.0 == key).map_or(&NIL, |pair| &pair.1),
            _ => &NIL,
        }
    }

    /// The item of a list.
    pub fn at(&self, index: usize) -> &Value {
        self.as_list().get(index).unwrap_or(&NIL)
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// A float, or an integer: what comes from others has whole numbers as integers.
    pub fn as_float(&self) -> Option<f64> {
        match self {
            Value::Float(value) => Some(*value),
            Value::Int(value) => Some(*value as f64),
            Value::Uint(value) => Some(*value as f64),
            _ => None,
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(value) => Some(value),
            _ => None,
        }
    }

    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Value::Bytes(value) => Some(value),
            _ => None,
        }
    }

    /// The items of a list; empty for anything else.
    pub fn as_list(&self) -> &[Value] {
        match self {
            Value::List(items) => items,
            _ => &[],
        }
    }

    pub fn as_error(&self) -> Option<&Error> {
        match self {
            Value::Error(error) => Some(error),
            _ => None,
        }
    }
}

impl Default for Value {
    fn default() -> Value {
        Value::Nil
    }
}

macro_rules! from {
    ($($type:ty => |$value:ident| $made:expr;)*) => {
        $(impl From<$type> for Value {
            fn from($value: $type) -> Value {
                $made
            }
        })*
    };
}

from! {
    () => |_nothing| Value::Nil;
    bool => |value| Value::Bool(value);
    i32 => |value| Value::Int(value.into());
    u32 => |value| Value::Int(value.into());
    i64 => |value| Value::Int(value);
    u64 => |value| if value <= i64::MAX as u64 { Value::Int(value as i64) } else { Value::Uint(value) };
    f64 => |value| Value::Float(value);
    &str => |value| Value::Text(value.to_string());
    String => |value| Value::Text(value);
    Vec<Value> => |value| Value::List(value);
    Error => |value| Value::Error(Box::new(value));
}
