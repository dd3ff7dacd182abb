//! Capability `time`: `imports: [time]`.

use crate::error::Error;
use crate::exchange::check;
use crate::imports;

/// Nanoseconds since 1970.
pub fn now() -> i64 {
    unsafe { imports::time::now() }
}

/// Seconds since 1970.
pub fn unix() -> f64 {
    unsafe { imports::time::unix() }
}

/// Wait so many milliseconds, more than 0.
pub fn sleep(milliseconds: f64) -> Result<(), Error> {
    check(unsafe { imports::time::sleep(milliseconds) }).map(drop)
}
