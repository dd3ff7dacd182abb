use crate::error::Error;
use crate::exchange::{check, fetch};
use crate::payload::{decode, encode_some, Encode};
use crate::value::Value;

/// An operation of a capability, as it is imported.
pub type Operation = unsafe extern "C" fn(*const u8, usize, *mut u8, usize) -> i32;

/// The same, started with a tag.
pub type StartOperation = unsafe extern "C" fn(i32, *const u8, usize) -> i32;

/// Call any operation of any capability, with a list of arguments; it waits where the operation does.
///
/// ```no_run
/// #[link(wasm_import_module = "troupe:fs")]
/// extern "C" {
///     fn read_file(args: *const u8, args_len: usize, out: *mut u8, cap: usize) -> i32;
/// }
///
/// let content = troupe::operate(read_file, ["prices.txt"])?;
/// # Ok::<(), troupe::Error>(())
/// ```
pub fn operate(operation: Operation, args: impl Encode) -> Result<Value, Error> {
    let args = encode_some(&args);
    decode(&fetch(|out, cap| unsafe { operation(args.as_ptr(), args.len(), out, cap) })?)
}

/// Start an operation, `start_<operation>`: an `Answer` with this tag is its result.
pub fn start_operation(operation: StartOperation, tag: i32, args: impl Encode) -> Result<(), Error> {
    let args = encode_some(&args);
    check(unsafe { operation(tag, args.as_ptr(), args.len()) }).map(drop)
}
