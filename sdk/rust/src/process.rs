use crate::error::Error;
use crate::exchange::{check, fetch, fetch_text};
use crate::imports;
use crate::payload::{decode, encode, encode_some, Encode};
use crate::value::Value;

/// The PID of this process, `{host|0x00001}`.
pub fn pid() -> String {
    fetch_text(|out, cap| unsafe { imports::pid(out, cap) }).expect("every process has a PID")
}

/// Registry id of the entry that it runs.
pub fn id() -> String {
    fetch_text(|out, cap| unsafe { imports::id(out, cap) }).expect("every process has an id")
}

/// What it was spawned with.
pub fn args() -> Vec<Value> {
    let list = fetch(|out, cap| unsafe { imports::args(out, cap) }).expect("every process has arguments");
    decode(&list).expect("the host writes payloads")
}

/// Context values, inherited through spawns and calls: a map.
pub fn context() -> Value {
    let map = fetch(|out, cap| unsafe { imports::context(out, cap) }).expect("every process has a context");
    decode(&map).expect("the host writes payloads")
}

/// End with a value.
pub fn exit(value: impl Encode) -> ! {
    let value = encode(&value);
    unsafe { imports::exit(value.as_ptr(), value.len()) };
    unreachable!()
}

/// End with an error. If it says where it happened, so does the end.
pub fn fail(error: Error) -> ! {
    if error.stack.is_some() {
        let packed = encode(&error);
        unsafe { imports::fail_with(packed.as_ptr(), packed.len()) };
        unreachable!()
    }
    let details = error.details.as_ref().map_or_else(Vec::new, encode);
    let retryable = error.retryable.map_or(-1, i32::from);
    let message = error.message;
    unsafe {
        imports::fail(
            error.kind.code(),
            message.as_ptr(),
            message.len(),
            retryable,
            details.as_ptr(),
            details.len(),
        )
    };
    unreachable!()
}

/// Go on as another entry ("": this one, reloaded) with a list of arguments. Returns only if an argument is wrong.
pub fn upgrade(id: &str, args: impl Encode) -> Error {
    let args = encode_some(&args);
    let answer = unsafe { imports::upgrade(id.as_ptr(), id.len(), args.as_ptr(), args.len()) };
    check(answer).expect_err("an upgrade does not return")
}

/// Whether the death of a linked process is an event instead of this process's own end.
pub fn trap_links(on: bool) {
    unsafe { imports::set_options(i32::from(on), -1) };
}

/// Whether an event tells that the entry has changed.
pub fn upgradable(on: bool) {
    unsafe { imports::set_options(-1, i32::from(on)) };
}

/// Whether `trap_links` is on.
pub fn traps_links() -> bool {
    unsafe { imports::get_options() & 1 != 0 }
}

/// Whether `upgradable` is on.
pub fn is_upgradable() -> bool {
    unsafe { imports::get_options() & 2 != 0 }
}

/// Send a payload to a PID or a registered name.
pub fn send(dest: &str, topic: &str, payload: impl Encode) -> Result<(), Error> {
    let payload = encode(&payload);
    check(unsafe {
        imports::send(dest.as_ptr(), dest.len(), topic.as_ptr(), topic.len(), payload.as_ptr(), payload.len())
    })
    .map(drop)
}

/// Send one message with as many payloads as the list has items.
pub fn send_list(dest: &str, topic: &str, payloads: impl Encode) -> Result<(), Error> {
    let list = encode_some(&payloads);
    check(unsafe {
        imports::send_list(dest.as_ptr(), dest.len(), topic.as_ptr(), topic.len(), list.as_ptr(), list.len())
    })
    .map(drop)
}

type Spawn = unsafe extern "C" fn(*const u8, usize, *const u8, usize, *const u8, usize, *mut u8, usize) -> i32;

fn spawn_by(how: Spawn, id: &str, host: &str, args: impl Encode) -> Result<String, Error> {
    let args = encode_some(&args);
    fetch_text(|out, cap| unsafe {
        how(id.as_ptr(), id.len(), host.as_ptr(), host.len(), args.as_ptr(), args.len(), out, cap)
    })
}

/// Start a process: registry id of its entry; its host, or "" for the default; a list of arguments, or `()`. Gives its PID.
pub fn spawn(id: &str, host: &str, args: impl Encode) -> Result<String, Error> {
    spawn_by(imports::spawn, id, host, args)
}

/// And get an EXIT event at its end.
pub fn spawn_monitored(id: &str, host: &str, args: impl Encode) -> Result<String, Error> {
    spawn_by(imports::spawn_monitored, id, host, args)
}

/// And die with it, if one of both fails.
pub fn spawn_linked(id: &str, host: &str, args: impl Encode) -> Result<String, Error> {
    spawn_by(imports::spawn_linked, id, host, args)
}

/// Both.
pub fn spawn_linked_monitored(id: &str, host: &str, args: impl Encode) -> Result<String, Error> {
    spawn_by(imports::spawn_linked_monitored, id, host, args)
}

/// Run a program to its end: its value. The arguments are as for `spawn`.
pub fn exec(id: &str, host: &str, args: impl Encode) -> Result<Value, Error> {
    let args = encode_some(&args);
    let value = fetch(|out, cap| unsafe {
        imports::exec(id.as_ptr(), id.len(), host.as_ptr(), host.len(), args.as_ptr(), args.len(), out, cap)
    })?;
    decode(&value)
}

/// Call a function by its registry id, with a list of arguments: its result.
pub fn call(id: &str, args: impl Encode) -> Result<Value, Error> {
    let args = encode_some(&args);
    let value = fetch(|out, cap| unsafe {
        imports::call(id.as_ptr(), id.len(), args.as_ptr(), args.len(), out, cap)
    })?;
    decode(&value)
}

/// Get an EXIT event when a process ends.
pub fn monitor(pid: &str) -> Result<(), Error> {
    check(unsafe { imports::monitor(pid.as_ptr(), pid.len()) }).map(drop)
}

pub fn unmonitor(pid: &str) -> Result<(), Error> {
    check(unsafe { imports::unmonitor(pid.as_ptr(), pid.len()) }).map(drop)
}

/// Die together, if one of both fails.
pub fn link(pid: &str) -> Result<(), Error> {
    check(unsafe { imports::link(pid.as_ptr(), pid.len()) }).map(drop)
}

pub fn unlink(pid: &str) -> Result<(), Error> {
    check(unsafe { imports::unlink(pid.as_ptr(), pid.len()) }).map(drop)
}

/// Ask a process to end, for a reason or "": it gets a CANCEL event.
pub fn cancel(dest: &str, reason: &str) -> Result<(), Error> {
    check(unsafe { imports::cancel(dest.as_ptr(), dest.len(), reason.as_ptr(), reason.len()) }).map(drop)
}

/// End a process.
pub fn terminate(dest: &str) -> Result<(), Error> {
    check(unsafe { imports::terminate(dest.as_ptr(), dest.len()) }).map(drop)
}

/// Give a name to a process; "": to this one.
pub fn register(name: &str, pid: &str) -> Result<(), Error> {
    check(unsafe { imports::register(name.as_ptr(), name.len(), pid.as_ptr(), pid.len()) }).map(drop)
}

/// The PID that holds a name; NOT_FOUND if none does.
pub fn lookup(name: &str) -> Result<String, Error> {
    fetch_text(|out, cap| unsafe { imports::lookup(name.as_ptr(), name.len(), out, cap) })
}

/// Whether the name was held.
pub fn unregister(name: &str) -> Result<bool, Error> {
    check(unsafe { imports::unregister(name.as_ptr(), name.len()) }).map(|held| held > 0)
}
