//! Capability `logger`: `imports: [logger]`. `fields` is a map, or `()` for none.

use crate::error::Error;
use crate::exchange::check;
use crate::imports;
use crate::payload::{encode_some, Encode};

type Write = unsafe extern "C" fn(*const u8, usize, *const u8, usize) -> i32;

fn write(how: Write, text: &str, fields: impl Encode) -> Result<(), Error> {
    let fields = encode_some(&fields);
    check(unsafe { how(text.as_ptr(), text.len(), fields.as_ptr(), fields.len()) }).map(drop)
}

pub fn debug(text: &str, fields: impl Encode) -> Result<(), Error> {
    write(imports::log::debug, text, fields)
}

pub fn info(text: &str, fields: impl Encode) -> Result<(), Error> {
    write(imports::log::info, text, fields)
}

pub fn warn(text: &str, fields: impl Encode) -> Result<(), Error> {
    write(imports::log::warn, text, fields)
}

pub fn error(text: &str, fields: impl Encode) -> Result<(), Error> {
    write(imports::log::error, text, fields)
}
