/*
 * The import functions of ABI version 1 (machines/wasm/README.md) as they are: pointers, lengths, codes. Programs include
 * troupe.h, whose functions call these. A module imports only what it uses.
 *
 * `x, x_len` is text (UTF-8) or one MessagePack value in memory, `out, cap` the area for a result. A negative answer is a
 * code, see below; a result longer than `cap` was not written, and troupe_abi_take_result gives it.
 */
#ifndef TROUPE_ABI_H
#define TROUPE_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define TROUPE_EXTERN_C extern "C"
extern "C" {
#else
#define TROUPE_EXTERN_C
#endif

/* Version of the ABI that this header is made for; a custom section of the module says so to the host. */
#define TROUPE_ABI_VERSION 1
__asm__(".section .custom_section.troupe_abi,\"\",@\n.int8 1\n.text\n");

/* Declares an import: TROUPE_IMPORT("troupe:process", "pid") int32_t pid(...); */
#define TROUPE_IMPORT(module, name) __attribute__((import_module(module), import_name(name)))

/* Exports the function that follows under a name: TROUPE_EXPORT("main") void program(void) { ... } */
#define TROUPE_EXPORT(name) TROUPE_EXTERN_C __attribute__((export_name(name), used, visibility("default")))

/* What a call that failed answers, and the kind of an error. */
enum {
  TROUPE_NOT_FOUND = -1,
  TROUPE_ALREADY_EXISTS = -2,
  TROUPE_INVALID = -3,
  TROUPE_PERMISSION_DENIED = -4,
  TROUPE_UNAVAILABLE = -5,
  TROUPE_INTERNAL = -6,
  TROUPE_CANCELED = -7,
  TROUPE_CONFLICT = -8,
  TROUPE_TIMEOUT = -9,
  TROUPE_RATE_LIMITED = -10,
  TROUPE_UNKNOWN = -11
};

/* The first word of a record: what it is. */
enum {
  TROUPE_MESSAGE = 1,
  TROUPE_TOPIC_MESSAGE = 2, /* a message on a topic that was given to troupe_listen */
  TROUPE_EVENT = 3,
  TROUPE_ANSWER = 4,
  TROUPE_FAILURE = 5 /* an answer that is an error */
};

/* What troupe_select looks at: bits. They are looked at in the order events, answers, topics, inbox. */
enum {
  TROUPE_INBOX = 1,
  TROUPE_TOPICS = 2,
  TROUPE_EVENTS = 4,
  TROUPE_ANSWERS = 8,
  TROUPE_ALL = 15
};

/* Bytes of a record before its topic: five words. */
#define TROUPE_RECORD_HEADER 20

/* Own identity and results. */
TROUPE_IMPORT("troupe:process", "pid") int32_t troupe_abi_pid(void *out, uint32_t cap);
TROUPE_IMPORT("troupe:process", "id") int32_t troupe_abi_id(void *out, uint32_t cap);
TROUPE_IMPORT("troupe:process", "args") int32_t troupe_abi_args(void *out, uint32_t cap);
TROUPE_IMPORT("troupe:process", "context") int32_t troupe_abi_context(void *out, uint32_t cap);
TROUPE_IMPORT("troupe:process", "take_result") int32_t troupe_abi_take_result(void *out, uint32_t cap);
TROUPE_IMPORT("troupe:process", "last_error") int32_t troupe_abi_last_error(void *out, uint32_t cap);

/* Messages out. */
TROUPE_IMPORT("troupe:process", "send")
int32_t troupe_abi_send(const void *dest, uint32_t dest_len, const void *topic, uint32_t topic_len, const void *payload,
                        uint32_t payload_len);
TROUPE_IMPORT("troupe:process", "send_list")
int32_t troupe_abi_send_list(const void *dest, uint32_t dest_len, const void *topic, uint32_t topic_len,
                             const void *payloads, uint32_t payloads_len);

/* Children. */
TROUPE_IMPORT("troupe:process", "spawn")
int32_t troupe_abi_spawn(const void *id, uint32_t id_len, const void *host, uint32_t host_len, const void *args,
                         uint32_t args_len, void *out, uint32_t cap);
TROUPE_IMPORT("troupe:process", "spawn_monitored")
int32_t troupe_abi_spawn_monitored(const void *id, uint32_t id_len, const void *host, uint32_t host_len,
                                   const void *args, uint32_t args_len, void *out, uint32_t cap);
TROUPE_IMPORT("troupe:process", "spawn_linked")
int32_t troupe_abi_spawn_linked(const void *id, uint32_t id_len, const void *host, uint32_t host_len, const void *args,
                                uint32_t args_len, void *out, uint32_t cap);
TROUPE_IMPORT("troupe:process", "spawn_linked_monitored")
int32_t troupe_abi_spawn_linked_monitored(const void *id, uint32_t id_len, const void *host, uint32_t host_len,
                                          const void *args, uint32_t args_len, void *out, uint32_t cap);
TROUPE_IMPORT("troupe:process", "spawn_with")
int32_t troupe_abi_spawn_with(const void *request, uint32_t request_len, void *out, uint32_t cap);

/* Other processes. */
TROUPE_IMPORT("troupe:process", "monitor") int32_t troupe_abi_monitor(const void *pid, uint32_t pid_len);
TROUPE_IMPORT("troupe:process", "unmonitor") int32_t troupe_abi_unmonitor(const void *pid, uint32_t pid_len);
TROUPE_IMPORT("troupe:process", "link") int32_t troupe_abi_link(const void *pid, uint32_t pid_len);
TROUPE_IMPORT("troupe:process", "unlink") int32_t troupe_abi_unlink(const void *pid, uint32_t pid_len);
TROUPE_IMPORT("troupe:process", "cancel")
int32_t troupe_abi_cancel(const void *dest, uint32_t dest_len, const void *reason, uint32_t reason_len);
TROUPE_IMPORT("troupe:process", "terminate") int32_t troupe_abi_terminate(const void *dest, uint32_t dest_len);
TROUPE_IMPORT("troupe:process", "register")
int32_t troupe_abi_register(const void *name, uint32_t name_len, const void *pid, uint32_t pid_len);
TROUPE_IMPORT("troupe:process", "lookup")
int32_t troupe_abi_lookup(const void *name, uint32_t name_len, void *out, uint32_t cap);
TROUPE_IMPORT("troupe:process", "unregister") int32_t troupe_abi_unregister(const void *name, uint32_t name_len);
TROUPE_IMPORT("troupe:process", "set_options")
int32_t troupe_abi_set_options(int32_t trap_links, int32_t upgradable);
TROUPE_IMPORT("troupe:process", "get_options") int32_t troupe_abi_get_options(void);

/* Messages in. */
TROUPE_IMPORT("troupe:process", "listen") int32_t troupe_abi_listen(const void *topic, uint32_t topic_len);
TROUPE_IMPORT("troupe:process", "unlisten") int32_t troupe_abi_unlisten(const void *topic, uint32_t topic_len);
TROUPE_IMPORT("troupe:process", "try_receive") int32_t troupe_abi_try_receive(void *out, uint32_t cap);
TROUPE_IMPORT("troupe:process", "try_select") int32_t troupe_abi_try_select(int32_t sources, void *out, uint32_t cap);
TROUPE_IMPORT("troupe:process", "receive") int32_t troupe_abi_receive(void *out, uint32_t cap);
TROUPE_IMPORT("troupe:process", "receive_timeout")
int32_t troupe_abi_receive_timeout(double limit, void *out, uint32_t cap);
TROUPE_IMPORT("troupe:process", "receive_on")
int32_t troupe_abi_receive_on(const void *topic, uint32_t topic_len, double limit, void *out, uint32_t cap);
TROUPE_IMPORT("troupe:process", "select")
int32_t troupe_abi_select(int32_t sources, double limit, void *out, uint32_t cap);

/* Results of other programs. */
TROUPE_IMPORT("troupe:process", "exec")
int32_t troupe_abi_exec(const void *id, uint32_t id_len, const void *host, uint32_t host_len, const void *args,
                        uint32_t args_len, void *out, uint32_t cap);
TROUPE_IMPORT("troupe:process", "exec_with")
int32_t troupe_abi_exec_with(const void *request, uint32_t request_len, void *out, uint32_t cap);
TROUPE_IMPORT("troupe:process", "call")
int32_t troupe_abi_call(const void *id, uint32_t id_len, const void *args, uint32_t args_len, void *out, uint32_t cap);

/* Commands whose answers come as records. */
TROUPE_IMPORT("troupe:process", "start_timer") int32_t troupe_abi_start_timer(int32_t tag, double milliseconds);
TROUPE_IMPORT("troupe:process", "start_exec")
int32_t troupe_abi_start_exec(int32_t tag, const void *request, uint32_t request_len);
TROUPE_IMPORT("troupe:process", "start_call")
int32_t troupe_abi_start_call(int32_t tag, const void *id, uint32_t id_len, const void *args, uint32_t args_len);
TROUPE_IMPORT("troupe:process", "abandon") void troupe_abi_abandon(int32_t tag);

/* The end. */
TROUPE_IMPORT("troupe:process", "exit")
__attribute__((noreturn)) void troupe_abi_exit(const void *value, uint32_t value_len);
TROUPE_IMPORT("troupe:process", "fail")
__attribute__((noreturn)) void troupe_abi_fail(int32_t kind, const void *message, uint32_t message_len,
                                               int32_t retryable, const void *details, uint32_t details_len);
TROUPE_IMPORT("troupe:process", "fail_with")
__attribute__((noreturn)) void troupe_abi_fail_with(const void *error, uint32_t error_len);
TROUPE_IMPORT("troupe:process", "upgrade")
int32_t troupe_abi_upgrade(const void *id, uint32_t id_len, const void *args, uint32_t args_len);

/* Capability `time`. */
TROUPE_IMPORT("troupe:time", "now") int64_t troupe_abi_time_now(void);
TROUPE_IMPORT("troupe:time", "unix") double troupe_abi_time_unix(void);
TROUPE_IMPORT("troupe:time", "sleep") int32_t troupe_abi_time_sleep(double milliseconds);

/* Capability `logger`. */
TROUPE_IMPORT("troupe:log", "debug")
int32_t troupe_abi_log_debug(const void *text, uint32_t text_len, const void *fields, uint32_t fields_len);
TROUPE_IMPORT("troupe:log", "info")
int32_t troupe_abi_log_info(const void *text, uint32_t text_len, const void *fields, uint32_t fields_len);
TROUPE_IMPORT("troupe:log", "warn")
int32_t troupe_abi_log_warn(const void *text, uint32_t text_len, const void *fields, uint32_t fields_len);
TROUPE_IMPORT("troupe:log", "error")
int32_t troupe_abi_log_error(const void *text, uint32_t text_len, const void *fields, uint32_t fields_len);

#ifdef __cplusplus
}
#endif

#endif
