use crate::arrival::{Arrival, Message};
use crate::error::{Error, Kind};
use crate::exchange::{check, fetch};
use crate::imports;
use crate::payload::{encode_some, Encode};

/// No limit, where a call takes one in milliseconds.
pub const FOREVER: f64 = f64::INFINITY;

/// What `select` looks at: bits. They are looked at in the order events, answers, topics, inbox.
pub mod sources {
    pub const INBOX: i32 = 1;
    pub const TOPICS: i32 = 2;
    pub const EVENTS: i32 = 4;
    pub const ANSWERS: i32 = 8;
    pub const ALL: i32 = 15;
}

/// Wait for the next message of the inbox.
pub fn receive() -> Message {
    message(fetch(|out, cap| unsafe { imports::receive(out, cap) })).expect("receive has no limit")
}

/// Wait for it at most so many milliseconds; TIMEOUT after that.
pub fn receive_timeout(milliseconds: f64) -> Result<Message, Error> {
    message(fetch(|out, cap| unsafe { imports::receive_timeout(milliseconds, out, cap) }))
}

/// Wait for a message on a topic that was given to `listen`; TIMEOUT after so many milliseconds.
pub fn receive_on(topic: &str, milliseconds: f64) -> Result<Message, Error> {
    message(fetch(|out, cap| unsafe { imports::receive_on(topic.as_ptr(), topic.len(), milliseconds, out, cap) }))
}

/// The next message of the inbox if there is one.
pub fn try_receive() -> Option<Message> {
    present(fetch(|out, cap| unsafe { imports::try_receive(out, cap) })).and_then(Arrival::message)
}

/// Wait for whatever comes first from these `sources`; TIMEOUT after so many milliseconds.
pub fn select(sources: i32, milliseconds: f64) -> Result<Arrival, Error> {
    fetch(|out, cap| unsafe { imports::select(sources, milliseconds, out, cap) }).map(Arrival::of)
}

/// What is there from these `sources`, if anything is.
pub fn try_select(sources: i32) -> Option<Arrival> {
    present(fetch(|out, cap| unsafe { imports::try_select(sources, out, cap) }))
}

/// Messages on this topic, waiting ones too, go past the inbox: `receive_on`, `sources::TOPICS`.
pub fn listen(topic: &str) -> Result<(), Error> {
    check(unsafe { imports::listen(topic.as_ptr(), topic.len()) }).map(drop)
}

/// Later messages on this topic go to the inbox again.
pub fn unlisten(topic: &str) -> Result<(), Error> {
    check(unsafe { imports::unlisten(topic.as_ptr(), topic.len()) }).map(drop)
}

/// Start a timer: an `Answer` with this tag (0 to 2^29 - 1) comes after so many milliseconds.
pub fn start_timer(tag: i32, milliseconds: f64) -> Result<(), Error> {
    check(unsafe { imports::start_timer(tag, milliseconds) }).map(drop)
}

/// Call a function without waiting: an `Answer` with this tag is its result. For programs: `Spawner::start`.
pub fn start_call(tag: i32, id: &str, args: impl Encode) -> Result<(), Error> {
    let args = encode_some(&args);
    check(unsafe { imports::start_call(tag, id.as_ptr(), id.len(), args.as_ptr(), args.len()) }).map(drop)
}

/// Forget a command: its answer will not come.
pub fn abandon(tag: i32) {
    unsafe { imports::abandon(tag) }
}

fn message(record: Result<Vec<u8>, Error>) -> Result<Message, Error> {
    let arrival = record.map(Arrival::of)?;
    arrival.message().ok_or_else(|| Error::new(Kind::Internal, "the host gave something else than a message"))
}

fn present(record: Result<Vec<u8>, Error>) -> Option<Arrival> {
    record.ok().filter(|bytes| !bytes.is_empty()).map(Arrival::of)
}
