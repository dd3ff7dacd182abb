//! How calls are answered: by a length or a negative code, and results in areas.

use crate::error::{Error, Kind};
use crate::imports;
use crate::payload::decode;

/// Room for results that most fit into.
const ROOM: usize = 256;

/// The answer of a call, or the error that it stands for.
pub fn check(answer: i32) -> Result<i32, Error> {
    if answer >= 0 {
        return Ok(answer);
    }
    let whole = fetch_raw(|out, cap| unsafe { imports::last_error(out, cap) });
    let known = whole.ok().and_then(|bytes| decode::<Error>(&bytes).ok());
    Err(known.unwrap_or_else(|| Error::new(Kind::of_code(answer), "the call failed")))
}

/// The result of a call that is given an area for it.
pub fn fetch(call: impl FnOnce(*mut u8, usize) -> i32) -> Result<Vec<u8>, Error> {
    match fetch_raw(call) {
        Ok(bytes) => Ok(bytes),
        Err(code) => Err(check(code).expect_err("a code is negative")),
    }
}

/// The same, of text.
pub fn fetch_text(call: impl FnOnce(*mut u8, usize) -> i32) -> Result<String, Error> {
    fetch(call).map(|bytes| String::from_utf8(bytes).expect("the host writes UTF-8"))
}

fn fetch_raw(call: impl FnOnce(*mut u8, usize) -> i32) -> Result<Vec<u8>, i32> {
    let mut area: Vec<u8> = vec![0; ROOM];
    let mut length = call(area.as_mut_ptr(), area.len());
    if length > area.len() as i32 {
        area.resize(length as usize, 0);
        length = unsafe { imports::take_result(area.as_mut_ptr(), area.len()) };
    }
    if length < 0 {
        return Err(length);
    }
    area.truncate(length as usize);
    Ok(area)
}
