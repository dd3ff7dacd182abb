//! Troupe for Rust: processes and functions in WebAssembly. `README.md` beside this crate says how to compile and run.
//!
//! ```no_run
//! use troupe::{receive, send};
//!
//! fn ponger() {
//!     loop {
//!         let message = receive();
//!         // Whoever asked may be gone by now.
//!         let _ = send(message.from(), "pong", &message.payload());
//!     }
//! }
//!
//! troupe::main!(ponger);
//! ```
//!
//! What waits (`receive`, `select`, `sleep`, `exec`, `call`) waits as if it blocked; other processes run meanwhile. What can fail
//! gives a `Result` with the [`Error`] of the system, which keeps kind, retryable and details across languages. A panic ends the
//! process with an INTERNAL error that says where.
//!
//! Only the codec ([`Encoder`], [`Decoder`], [`Value`], [`Error`]) is there on other targets than WebAssembly.

mod decoder;
mod encoder;
mod error;
mod payload;
mod value;

pub use decoder::{Decoder, Type};
pub use encoder::Encoder;
pub use error::{Error, Kind};
pub use payload::{decode, encode, Bytes, Decode, Encode};
pub use value::Value;

#[cfg(target_arch = "wasm32")]
mod arrival;
#[cfg(target_arch = "wasm32")]
mod exchange;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod export;
#[cfg(target_arch = "wasm32")]
pub mod imports;
#[cfg(target_arch = "wasm32")]
pub mod log;
#[cfg(target_arch = "wasm32")]
mod operation;
#[cfg(target_arch = "wasm32")]
mod process;
#[cfg(target_arch = "wasm32")]
mod receive;
#[cfg(target_arch = "wasm32")]
mod spawner;
#[cfg(target_arch = "wasm32")]
pub mod time;

#[cfg(target_arch = "wasm32")]
pub use arrival::{event, Answer, Arrival, Event, Message};
#[cfg(target_arch = "wasm32")]
pub use export::Outcome;
#[cfg(target_arch = "wasm32")]
pub use operation::{operate, start_operation, Operation, StartOperation};
#[cfg(target_arch = "wasm32")]
pub use process::{
    args, call, cancel, context, exec, exit, fail, id, is_upgradable, link, lookup, monitor, pid, register, send, send_list, spawn,
    spawn_linked, spawn_linked_monitored, spawn_monitored, terminate, trap_links, traps_links, unlink, unmonitor,
    unregister, upgradable, upgrade,
};
#[cfg(target_arch = "wasm32")]
pub use receive::{
    abandon, listen, receive, receive_on, receive_timeout, select, sources, start_call, start_timer, try_receive,
    try_select, unlisten, FOREVER,
};
#[cfg(target_arch = "wasm32")]
pub use spawner::Spawner;
