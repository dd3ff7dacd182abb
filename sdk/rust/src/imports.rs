//! The import functions of ABI version 1 (`machines/wasm/README.md`) as they are. `x, x_len` is text or one MessagePack value,
//! `out, cap` the area for a result; a negative answer is a code. A module imports only what it uses.

/// Says to the host for which version of the ABI this is made.
#[link_section = "troupe_abi"]
#[used]
pub static ABI_VERSION: [u8; 1] = [1];

#[link(wasm_import_module = "troupe:process")]
extern "C" {
    pub fn pid(out: *mut u8, cap: usize) -> i32;
    pub fn id(out: *mut u8, cap: usize) -> i32;
    pub fn args(out: *mut u8, cap: usize) -> i32;
    pub fn context(out: *mut u8, cap: usize) -> i32;
    pub fn take_result(out: *mut u8, cap: usize) -> i32;
    pub fn last_error(out: *mut u8, cap: usize) -> i32;

    pub fn send(dest: *const u8, dest_len: usize, topic: *const u8, topic_len: usize, payload: *const u8, payload_len: usize) -> i32;
    pub fn send_list(dest: *const u8, dest_len: usize, topic: *const u8, topic_len: usize, payloads: *const u8, payloads_len: usize) -> i32;

    pub fn spawn(id: *const u8, id_len: usize, host: *const u8, host_len: usize, args: *const u8, args_len: usize, out: *mut u8, cap: usize) -> i32;
    pub fn spawn_monitored(id: *const u8, id_len: usize, host: *const u8, host_len: usize, args: *const u8, args_len: usize, out: *mut u8, cap: usize) -> i32;
    pub fn spawn_linked(id: *const u8, id_len: usize, host: *const u8, host_len: usize, args: *const u8, args_len: usize, out: *mut u8, cap: usize) -> i32;
    pub fn spawn_linked_monitored(id: *const u8, id_len: usize, host: *const u8, host_len: usize, args: *const u8, args_len: usize, out: *mut u8, cap: usize) -> i32;
    pub fn spawn_with(request: *const u8, request_len: usize, out: *mut u8, cap: usize) -> i32;

    pub fn monitor(pid: *const u8, pid_len: usize) -> i32;
    pub fn unmonitor(pid: *const u8, pid_len: usize) -> i32;
    pub fn link(pid: *const u8, pid_len: usize) -> i32;
    pub fn unlink(pid: *const u8, pid_len: usize) -> i32;
    pub fn cancel(dest: *const u8, dest_len: usize, reason: *const u8, reason_len: usize) -> i32;
    pub fn terminate(dest: *const u8, dest_len: usize) -> i32;
    pub fn register(name: *const u8, name_len: usize, pid: *const u8, pid_len: usize) -> i32;
    pub fn lookup(name: *const u8, name_len: usize, out: *mut u8, cap: usize) -> i32;
    pub fn unregister(name: *const u8, name_len: usize) -> i32;
    pub fn set_options(trap_links: i32, upgradable: i32) -> i32;
    pub fn get_options() -> i32;

    pub fn listen(topic: *const u8, topic_len: usize) -> i32;
    pub fn unlisten(topic: *const u8, topic_len: usize) -> i32;
    pub fn try_receive(out: *mut u8, cap: usize) -> i32;
    pub fn try_select(sources: i32, out: *mut u8, cap: usize) -> i32;
    pub fn receive(out: *mut u8, cap: usize) -> i32;
    pub fn receive_timeout(limit: f64, out: *mut u8, cap: usize) -> i32;
    pub fn receive_on(topic: *const u8, topic_len: usize, limit: f64, out: *mut u8, cap: usize) -> i32;
    pub fn select(sources: i32, limit: f64, out: *mut u8, cap: usize) -> i32;

    pub fn exec(id: *const u8, id_len: usize, host: *const u8, host_len: usize, args: *const u8, args_len: usize, out: *mut u8, cap: usize) -> i32;
    pub fn exec_with(request: *const u8, request_len: usize, out: *mut u8, cap: usize) -> i32;
    pub fn call(id: *const u8, id_len: usize, args: *const u8, args_len: usize, out: *mut u8, cap: usize) -> i32;

    pub fn start_timer(tag: i32, milliseconds: f64) -> i32;
    pub fn start_exec(tag: i32, request: *const u8, request_len: usize) -> i32;
    pub fn start_call(tag: i32, id: *const u8, id_len: usize, args: *const u8, args_len: usize) -> i32;
    pub fn abandon(tag: i32);

    pub fn exit(value: *const u8, value_len: usize);
    pub fn fail(kind: i32, message: *const u8, message_len: usize, retryable: i32, details: *const u8, details_len: usize);
    pub fn fail_with(error: *const u8, error_len: usize);
    pub fn upgrade(id: *const u8, id_len: usize, args: *const u8, args_len: usize) -> i32;
}

/// Capability `time`.
pub mod time {
    #[link(wasm_import_module = "troupe:time")]
    extern "C" {
        pub fn now() -> i64;
        pub fn unix() -> f64;
        pub fn sleep(milliseconds: f64) -> i32;
    }
}

/// Capability `logger`.
pub mod log {
    #[link(wasm_import_module = "troupe:log")]
    extern "C" {
        pub fn debug(text: *const u8, text_len: usize, fields: *const u8, fields_len: usize) -> i32;
        pub fn info(text: *const u8, text_len: usize, fields: *const u8, fields_len: usize) -> i32;
        pub fn warn(text: *const u8, text_len: usize, fields: *const u8, fields_len: usize) -> i32;
        pub fn error(text: *const u8, text_len: usize, fields: *const u8, fields_len: usize) -> i32;
    }
}
