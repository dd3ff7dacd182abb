//! What a module exports: methods, or handlers.

use std::panic;
use std::sync::Once;

use crate::arrival::Arrival;
use crate::error::{Error, Kind};
use crate::payload::{decode, Encode};
use crate::process::{exit, fail};
use crate::value::Value;

/// What a method returns: nothing, or a result whose value or error ends the process.
pub trait Outcome {
    fn finish(self);
}

impl Outcome for () {
    fn finish(self) {}
}

impl<T: Encode> Outcome for Result<T, Error> {
    fn finish(self) {
        match self {
            Ok(value) => exit(value),
            Err(error) => fail(error),
        }
    }
}

/// What a handler returns: nothing, or a result whose error ends the process; else it goes on with what comes next.
pub trait Handled {
    fn settle(self);
}

impl Handled for () {
    fn settle(self) {}
}

impl Handled for Result<(), Error> {
    fn settle(self) {
        if let Err(error) = self {
            fail(error);
        }
    }
}

/// Run a method; a panic in it ends the process with an INTERNAL error that says where.
pub fn run<T: Outcome>(method: fn() -> T) {
    report_panics();
    method().finish();
}

/// Run `on_start` with the arguments that lie at `at`.
///
/// # Safety
/// As the host calls it.
pub unsafe fn run_start<T: Handled>(handler: fn(Vec<Value>) -> T, at: *const u8, length: usize) {
    report_panics();
    let args = decode(std::slice::from_raw_parts(at, length)).expect("the host writes payloads");
    handler(args).settle();
}

/// Run a handler with the record that lies at `at`.
///
/// # Safety
/// As the host calls it.
pub unsafe fn run_handler<A, T: Handled>(
    handler: fn(A) -> T,
    take: fn(Arrival) -> Option<A>,
    at: *const u8,
    length: usize,
) {
    report_panics();
    let record = std::slice::from_raw_parts(at, length).to_vec();
    if let Some(arrival) = take(Arrival::of(record)) {
        handler(arrival).settle();
    }
}

fn report_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        panic::set_hook(Box::new(|info| {
            let text = info.payload().downcast_ref::<&str>().map(|text| text.to_string());
            let text = text.or_else(|| info.payload().downcast_ref::<String>().cloned());
            let mut error = Error::new(Kind::Internal, text.unwrap_or_else(|| "panicked".to_string()));
            if let Some(place) = info.location() {
                error = error.details(Value::map().with("place", place.to_string()));
            }
            fail(error);
        }));
    });
}

/// Where the host may write records for handlers, and texts for functions with a `wit` signature. It asks for records again
/// only when one is longer than all before: rounded up, so that a little longer is no new place.
#[no_mangle]
pub extern "C" fn troupe_alloc(length: usize) -> *mut u8 {
    let mut room = Vec::<u8>::with_capacity(length.max(256).next_power_of_two());
    let at = room.as_mut_ptr();
    std::mem::forget(room);
    at
}

/// Make a function the method `main`: `troupe::main!(program);`. It takes nothing and returns nothing or a `Result`.
#[macro_export]
macro_rules! main {
    ($program:path) => {
        $crate::method!("main", $program);
    };
}

/// Make a function a method: `troupe::method!("audit", audit);`, for an entry with `method: audit`.
#[macro_export]
macro_rules! method {
    ($name:literal, $program:path) => {
        const _: () = {
            #[export_name = $name]
            extern "C" fn method() {
                $crate::export::run($program);
            }
        };
    };
}

/// Make functions the handlers of a module without the entry's method. `on_start` takes the arguments (`Vec<Value>`),
/// `on_message` a `Message`, `on_event` an `Event`, `on_answer` an `Answer`; they return nothing, or a `Result<(), Error>` whose
/// error ends the process.
///
/// `troupe::handlers! { on_start: begin, on_message: add }`
#[macro_export]
macro_rules! handlers {
    ($($handler:ident: $function:path),+ $(,)?) => {
        $($crate::handler!($handler, $function);)+
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! handler {
    (on_start, $function:path) => {
        const _: () = {
            #[export_name = "on_start"]
            unsafe extern "C" fn handler(at: *const u8, length: usize) {
                $crate::export::run_start($function, at, length);
            }
        };
    };
    (on_message, $function:path) => {
        $crate::handler!("on_message", $function, message);
    };
    (on_event, $function:path) => {
        $crate::handler!("on_event", $function, event);
    };
    (on_answer, $function:path) => {
        $crate::handler!("on_answer", $function, answer);
    };
    ($name:literal, $function:path, $take:ident) => {
        const _: () = {
            #[export_name = $name]
            unsafe extern "C" fn handler(at: *const u8, length: usize) {
                $crate::export::run_handler($function, $crate::Arrival::$take, at, length);
            }
        };
    };
}
