use crate::error::{Error, Kind};
use crate::payload::Decode;
use crate::value::Value;

/// What kind of value comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Nil,
    Bool,
    Int,
    Float,
    Text,
    Bytes,
    List,
    Map,
    Error,
}

/// Reads MessagePack piece by piece. What is not as it was asked for is an INVALID error, and where the decoder stands then
/// is the same as before.
#[derive(Clone)]
pub struct Decoder<'a> {
    bytes: &'a [u8],
}

impl<'a> Decoder<'a> {
    pub fn new(bytes: &'a [u8]) -> Decoder<'a> {
        Decoder { bytes }
    }

    /// Whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The type of the next value.
    pub fn peek(&self) -> Result<Type, Error> {
        match self.bytes.first() {
            Some(0xc0) => Ok(Type::Nil),
            Some(0xc2..=0xc3) => Ok(Type::Bool),
            Some(0x00..=0x7f) | Some(0xcc..=0xd3) | Some(0xe0..=0xff) => Ok(Type::Int),
            Some(0xca..=0xcb) => Ok(Type::Float),
            Some(0xa0..=0xbf) | Some(0xd9..=0xdb) => Ok(Type::Text),
            Some(0xc4..=0xc6) => Ok(Type::Bytes),
            Some(0x90..=0x9f) | Some(0xdc..=0xdd) => Ok(Type::List),
            Some(0x80..=0x8f) | Some(0xde..=0xdf) => Ok(Type::Map),
            Some(0xc7..=0xc9) | Some(0xd4..=0xd8) => Ok(Type::Error),
            Some(0xc1) => Err(invalid("these bytes are no value")),
            None => Err(invalid("there is no further value")),
        }
    }

    pub fn nil(&mut self) -> Result<(), Error> {
        self.expect(Type::Nil)?;
        self.bytes = &self.bytes[1..];
        Ok(())
    }

    pub fn bool(&mut self) -> Result<bool, Error> {
        self.expect(Type::Bool)?;
        let value = self.bytes[0] == 0xc3;
        self.bytes = &self.bytes[1..];
        Ok(value)
    }

    pub fn int(&mut self) -> Result<i64, Error> {
        let mut ahead = self.clone();
        let (bits, negative) = ahead.integer()?;
        if !negative && bits > i64::MAX as u64 {
            return Err(invalid("the integer is too large for 64 bits with a sign"));
        }
        *self = ahead;
        Ok(bits as i64)
    }

    pub fn uint(&mut self) -> Result<u64, Error> {
        let mut ahead = self.clone();
        let (bits, negative) = ahead.integer()?;
        if negative {
            return Err(invalid("the integer is negative"));
        }
        *self = ahead;
        Ok(bits)
    }

    /// A float, or an integer: what comes from others has whole numbers as integers.
    pub fn float(&mut self) -> Result<f64, Error> {
        if self.peek()? == Type::Int {
            let (bits, negative) = self.integer()?;
            return Ok(if negative { bits as i64 as f64 } else { bits as f64 });
        }
        self.expect(Type::Float)?;
        let wide = self.bytes[0] == 0xcb;
        let bits = self.number(1, if wide { 8 } else { 4 })?;
        Ok(if wide { f64::from_bits(bits) } else { f32::from_bits(bits as u32).into() })
    }

    pub fn text(&mut self) -> Result<&'a str, Error> {
        self.expect(Type::Text)?;
        let mut ahead = self.clone();
        let length = ahead.length(0xa0, 31, 0xd9)?;
        let text = std::str::from_utf8(ahead.content(length)?).map_err(|_| invalid("the text is not UTF-8"))?;
        *self = ahead;
        Ok(text)
    }

    pub fn binary(&mut self) -> Result<&'a [u8], Error> {
        self.expect(Type::Bytes)?;
        let mut ahead = self.clone();
        let length = ahead.length(0, 0, 0xc4)?;
        let content = ahead.content(length)?;
        *self = ahead;
        Ok(content)
    }

    /// The head of a list: so many values come next.
    pub fn list(&mut self) -> Result<usize, Error> {
        self.expect(Type::List)?;
        // There is no head with a length of one byte: 0xdb would be it.
        self.container(0x90, 0xdb, 1)
    }

    /// The head of a map: so many pairs of a text and a value come next.
    pub fn map(&mut self) -> Result<usize, Error> {
        self.expect(Type::Map)?;
        self.container(0x80, 0xdd, 2)
    }

    /// An error as a value.
    pub fn error(&mut self) -> Result<Error, Error> {
        let (mut body, rest) = self.error_body()?;
        let fields = Value::decode(&mut body)?;
        self.bytes = rest;
        Ok(Error {
            kind: Kind::of_name(fields.get("kind").as_text().unwrap_or("")),
            message: fields.get("message").as_text().unwrap_or("").to_string(),
            retryable: fields.get("retryable").as_bool(),
            details: Some(fields.get("details").clone()).filter(|details| !details.is_nil()),
            stack: fields.get("stack").as_text().map(str::to_string),
        })
    }

    /// Pass over the next value, with all that is in it.
    pub fn skip(&mut self) -> Result<(), Error> {
        let mut ahead = self.clone();
        let mut left: usize = 1;
        while left > 0 {
            left -= 1;
            match ahead.peek()? {
                Type::Nil => ahead.nil()?,
                Type::Bool => drop(ahead.bool()?),
                Type::Int => drop(ahead.integer()?),
                Type::Float => drop(ahead.float()?),
                Type::Text => drop(ahead.text()?),
                Type::Bytes => drop(ahead.binary()?),
                Type::List => left += ahead.list()?,
                Type::Map => left += 2 * ahead.map()?,
                Type::Error => ahead.bytes = ahead.error_body()?.1,
            }
        }
        *self = ahead;
        Ok(())
    }

    /// What is inside of an error, and the bytes after it.
    fn error_body(&self) -> Result<(Decoder<'a>, &'a [u8]), Error> {
        self.expect(Type::Error)?;
        let mut ahead = self.clone();
        let head = ahead.bytes[0];
        let length = if head >= 0xd4 {
            ahead.bytes = &ahead.bytes[1..];
            1 << (head - 0xd4)
        } else {
            ahead.length(0, 0, 0xc7)?
        };
        if ahead.content(1)? != [1] {
            return Err(invalid("there is an extension that is no error"));
        }
        let body = ahead.content(length)?;
        Ok((Decoder::new(body), ahead.bytes))
    }

    fn expect(&self, wanted: Type) -> Result<(), Error> {
        let found = self.peek()?;
        if found == wanted {
            return Ok(());
        }
        Err(invalid(&format!("{:?} is wanted, there is {:?}", wanted, found)))
    }

    /// The integer at hand as 64 bits of two's complement, and whether it is negative.
    fn integer(&mut self) -> Result<(u64, bool), Error> {
        self.expect(Type::Int)?;
        let head = self.bytes[0];
        if head < 0x80 || head >= 0xe0 {
            self.bytes = &self.bytes[1..];
            return Ok((head as i8 as i64 as u64, head >= 0xe0));
        }
        let signed = head >= 0xd0;
        let size = 1 << (head & 3);
        let bits = self.number(1, size)?;
        if !signed {
            return Ok((bits, false));
        }
        let unused = 64 - 8 * size;
        let value = ((bits << unused) as i64) >> unused;
        Ok((value as u64, value < 0))
    }

    /// Read `head` bytes and a number of `size` bytes, highest first.
    fn number(&mut self, head: usize, size: usize) -> Result<u64, Error> {
        let mut ahead = self.clone();
        ahead.content(head)?;
        let bits = ahead.content(size)?.iter().fold(0, |bits, byte| bits << 8 | u64::from(*byte));
        *self = ahead;
        Ok(bits)
    }

    /// The length in a head: in the low bits of the first byte if it is in `fixed ..= fixed | mask`, else in 1, 2 or 4 bytes
    /// after `first`, `first + 1` or `first + 2`.
    fn length(&mut self, fixed: u8, mask: u8, first: u8) -> Result<usize, Error> {
        let head = self.bytes[0];
        if mask != 0 && head & !mask == fixed {
            self.bytes = &self.bytes[1..];
            return Ok(usize::from(head & mask));
        }
        Ok(self.number(1, 1 << (head - first))? as usize)
    }

    /// Each value takes up at least one byte: a forged length is refused before anything is made for it.
    fn container(&mut self, fixed: u8, first: u8, values: usize) -> Result<usize, Error> {
        let mut ahead = self.clone();
        let length = ahead.length(fixed, 15, first)?;
        if length.checked_mul(values).map_or(true, |needed| needed > ahead.bytes.len()) {
            return Err(invalid("the payload ends too early"));
        }
        *self = ahead;
        Ok(length)
    }

    fn content(&mut self, length: usize) -> Result<&'a [u8], Error> {
        if length > self.bytes.len() {
            return Err(invalid("the payload ends too early"));
        }
        let (content, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        Ok(content)
    }
}

fn invalid(message: &str) -> Error {
    Error::new(Kind::Invalid, message).retryable(false)
}
