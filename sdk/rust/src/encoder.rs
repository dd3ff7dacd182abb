use crate::error::Error;

/// Writes payloads as MessagePack, piece by piece. A list or a map is followed by so many values, or keys and values.
#[derive(Default)]
pub struct Encoder {
    bytes: Vec<u8>,
}

/// Heads of the lengths that take 1, 2 and 4 bytes; 0 where there is none of 1 byte.
type Heads = [u8; 3];

impl Encoder {
    pub fn new() -> Encoder {
        Encoder::default()
    }

    /// What was written.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn nil(&mut self) {
        self.bytes.push(0xc0);
    }

    pub fn bool(&mut self, value: bool) {
        self.bytes.push(if value { 0xc3 } else { 0xc2 });
    }

    pub fn uint(&mut self, value: u64) {
        match value {
            0..=0x7f => self.bytes.push(value as u8),
            0x80..=0xff => self.number(0xcc, &(value as u8).to_be_bytes()),
            0x100..=0xffff => self.number(0xcd, &(value as u16).to_be_bytes()),
            0x1_0000..=0xffff_ffff => self.number(0xce, &(value as u32).to_be_bytes()),
            _ => self.number(0xcf, &value.to_be_bytes()),
        }
    }

    pub fn int(&mut self, value: i64) {
        match value {
            0..=i64::MAX => self.uint(value as u64),
            -32..=-1 => self.bytes.push(value as u8),
            -0x80..=-33 => self.number(0xd0, &(value as i8).to_be_bytes()),
            -0x8000..=-0x81 => self.number(0xd1, &(value as i16).to_be_bytes()),
            -0x8000_0000..=-0x8001 => self.number(0xd2, &(value as i32).to_be_bytes()),
            _ => self.number(0xd3, &value.to_be_bytes()),
        }
    }

    pub fn float(&mut self, value: f64) {
        self.number(0xcb, &value.to_be_bytes());
    }

    /// Text; also the key of a value in a map.
    pub fn text(&mut self, value: &str) {
        self.head(0xa0, 32, [0xd9, 0xda, 0xdb], value.len());
        self.bytes.extend_from_slice(value.as_bytes());
    }

    pub fn binary(&mut self, value: &[u8]) {
        self.head(0, 0, [0xc4, 0xc5, 0xc6], value.len());
        self.bytes.extend_from_slice(value);
    }

    /// `length` values follow.
    pub fn list(&mut self, length: usize) {
        self.head(0x90, 16, [0, 0xdc, 0xdd], length);
    }

    /// `length` pairs of a text and a value follow.
    pub fn map(&mut self, length: usize) {
        self.head(0x80, 16, [0, 0xde, 0xdf], length);
    }

    /// An error as a value.
    pub fn error(&mut self, error: &Error) {
        let mut body = Encoder::new();
        let fields = [error.retryable.is_some(), error.details.is_some(), error.stack.is_some()];
        body.map(2 + fields.iter().filter(|&&there| there).count());
        body.text("message");
        body.text(&error.message);
        body.text("kind");
        body.text(error.kind.name());
        if let Some(retryable) = error.retryable {
            body.text("retryable");
            body.bool(retryable);
        }
        if let Some(details) = &error.details {
            body.text("details");
            crate::payload::Encode::encode(details, &mut body);
        }
        if let Some(stack) = &error.stack {
            body.text("stack");
            body.text(stack);
        }
        self.head(0, 0, [0xc7, 0xc8, 0xc9], body.bytes.len());
        self.bytes.push(1);
        self.bytes.extend_from_slice(&body.bytes);
    }

    fn number(&mut self, head: u8, bytes: &[u8]) {
        self.bytes.push(head);
        self.bytes.extend_from_slice(bytes);
    }

    /// The head of something of this length: in one byte below `short`.
    fn head(&mut self, fixed: u8, short: usize, heads: Heads, length: usize) {
        if length < short {
            self.bytes.push(fixed | length as u8);
        } else if length <= 0xff && heads[0] != 0 {
            self.number(heads[0], &(length as u8).to_be_bytes());
        } else if length <= 0xffff {
            self.number(heads[1], &(length as u16).to_be_bytes());
        } else {
            self.number(heads[2], &(length as u32).to_be_bytes());
        }
    }
}
