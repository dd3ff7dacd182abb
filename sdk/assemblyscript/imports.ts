// The import functions of ABI version 1 (machines/wasm/README.md). A program gets only those that it uses.

// @ts-ignore: decorator
@external("troupe:process", "pid")
export declare function pid(area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "id")
export declare function id(area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "args")
export declare function args(area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "context")
export declare function context(area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "take_result")
export declare function take_result(area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "last_error")
export declare function last_error(area: usize, capacity: i32): i32;

// @ts-ignore: decorator
@external("troupe:process", "send")
export declare function send(dest: usize, destLength: i32, topic: usize, topicLength: i32, payload: usize, payloadLength: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "send_list")
export declare function send_list(dest: usize, destLength: i32, topic: usize, topicLength: i32, payloads: usize, payloadsLength: i32): i32;

// @ts-ignore: decorator
@external("troupe:process", "spawn_with")
export declare function spawn_with(request: usize, requestLength: i32, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "exec_with")
export declare function exec_with(request: usize, requestLength: i32, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "start_exec")
export declare function start_exec(tag: i32, request: usize, requestLength: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "start_timer")
export declare function start_timer(tag: i32, milliseconds: f64): i32;
// @ts-ignore: decorator
@external("troupe:process", "abandon")
export declare function abandon(tag: i32): void;

// @ts-ignore: decorator
@external("troupe:process", "monitor")
export declare function monitor(pid: usize, pidLength: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "unmonitor")
export declare function unmonitor(pid: usize, pidLength: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "link")
export declare function link(pid: usize, pidLength: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "unlink")
export declare function unlink(pid: usize, pidLength: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "cancel")
export declare function cancel(dest: usize, destLength: i32, reason: usize, reasonLength: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "terminate")
export declare function terminate(dest: usize, destLength: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "register")
export declare function register(name: usize, nameLength: i32, pid: usize, pidLength: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "lookup")
export declare function lookup(name: usize, nameLength: i32, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "unregister")
export declare function unregister(name: usize, nameLength: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "set_options")
export declare function set_options(trapLinks: i32, upgradable: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "get_options")
export declare function get_options(): i32;

// @ts-ignore: decorator
@external("troupe:process", "listen")
export declare function listen(topic: usize, topicLength: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "unlisten")
export declare function unlisten(topic: usize, topicLength: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "try_receive")
export declare function try_receive(area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "try_select")
export declare function try_select(sources: i32, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "receive")
export declare function receive(area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "receive_timeout")
export declare function receive_timeout(milliseconds: f64, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "receive_on")
export declare function receive_on(topic: usize, topicLength: i32, milliseconds: f64, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:process", "select")
export declare function select(sources: i32, milliseconds: f64, area: usize, capacity: i32): i32;

// @ts-ignore: decorator
@external("troupe:process", "exit")
export declare function exit(value: usize, valueLength: i32): void;
// @ts-ignore: decorator
@external("troupe:process", "fail")
export declare function fail(kind: i32, message: usize, messageLength: i32, retryable: i32, details: usize, detailsLength: i32): void;
// @ts-ignore: decorator
@external("troupe:process", "fail_with")
export declare function fail_with(error: usize, errorLength: i32): void;
// @ts-ignore: decorator
@external("troupe:process", "upgrade")
export declare function upgrade(id: usize, idLength: i32, args: usize, argsLength: i32): i32;

// @ts-ignore: decorator
@external("troupe:time", "now")
export declare function time_now(): i64;
// @ts-ignore: decorator
@external("troupe:time", "unix")
export declare function time_unix(): f64;
// @ts-ignore: decorator
@external("troupe:time", "sleep")
export declare function time_sleep(milliseconds: f64): i32;

// @ts-ignore: decorator
@external("troupe:log", "debug")
export declare function log_debug(text: usize, textLength: i32, fields: usize, fieldsLength: i32): i32;
// @ts-ignore: decorator
@external("troupe:log", "info")
export declare function log_info(text: usize, textLength: i32, fields: usize, fieldsLength: i32): i32;
// @ts-ignore: decorator
@external("troupe:log", "warn")
export declare function log_warn(text: usize, textLength: i32, fields: usize, fieldsLength: i32): i32;
// @ts-ignore: decorator
@external("troupe:log", "error")
export declare function log_error(text: usize, textLength: i32, fields: usize, fieldsLength: i32): i32;

// @ts-ignore: decorator
@external("troupe:security", "actor")
export declare function security_actor(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:security", "scope")
export declare function security_scope(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:security", "can")
export declare function security_can(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:security", "explain")
export declare function security_explain(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:security", "evaluate")
export declare function security_evaluate(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:security", "policy")
export declare function security_policy(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:security", "named_scope")
export declare function security_named_scope(args: usize, argsLength: i32, area: usize, capacity: i32): i32;

// @ts-ignore: decorator
@external("troupe:supervisor", "start")
export declare function supervisor_start(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:supervisor", "start_child")
export declare function supervisor_start_child(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:supervisor", "terminate_child")
export declare function supervisor_terminate_child(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:supervisor", "restart_child")
export declare function supervisor_restart_child(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:supervisor", "delete_child")
export declare function supervisor_delete_child(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:supervisor", "children")
export declare function supervisor_children(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:supervisor", "count")
export declare function supervisor_count(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:supervisor", "stop")
export declare function supervisor_stop(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
