/*
 * Troupe for C: processes and functions in WebAssembly. README.md beside this file says how to compile and run.
 *
 *   #include "troupe.h"
 *
 *   TROUPE_EXPORT("main") void ponger(void) {
 *     for (;;) {
 *       troupe_record message = troupe_receive();
 *       troupe_send(message.from, troupe_str("pong"), message.payload);
 *     }
 *   }
 *
 * C99 or C++ for clang, with wasi-libc (--target=wasm32-wasi) or without a C library (--target=wasm32 -nostdlib).
 *
 * - Functions that can fail answer 0 or more, or a negative code (TROUPE_NOT_FOUND, ...); troupe_last_error has the rest.
 * - Texts and payloads are views (pointer and length) of what somebody else owns.
 * - What a call gives goes into a buffer of the caller's, which grows as needed: `troupe_buffer pid = {0};`.
 * - What came in (troupe_record) is valid until the next receive or select, in a handler until it returns.
 */
#ifndef TROUPE_H
#define TROUPE_H

#include "troupe_payload.h"

#ifdef __cplusplus
extern "C" {
#endif

/* No limit, where a call takes one in milliseconds. */
#define TROUPE_FOREVER __builtin_inf()

/* ---- Results. ---- */

/* Ends a call that gave a result of `length` bytes, or a code, into the buffer: fetches what did not fit. */
static inline int32_t troupe_settle_(troupe_buffer *into, int32_t length) {
  into->length = 0;
  if (length < 0) return length;
  if ((uint32_t)length > into->capacity) {
    troupe_reserve(into, (uint32_t)length);
    length = troupe_abi_take_result(into->at, into->capacity);
    if (length < 0) return length;
  }
  into->length = (uint32_t)length;
  return length;
}

/* Holds the latest error. */
TROUPE_WEAK troupe_buffer troupe_error_room_ = {NULL, 0, 0, false};

/* The error of the latest call that failed; `kind` is 0 if none did. Its texts are valid until the next use. */
static inline troupe_error troupe_last_error(void) {
  troupe_buffer *room = &troupe_error_room_;
  troupe_settle_(room, troupe_abi_last_error(room->at, room->capacity));
  return troupe_to_error(troupe_packed(room));
}

/* ---- This process. ---- */

/* Its PID, `{host|0x00001}`, as text in the buffer. */
static inline troupe_text troupe_pid(troupe_buffer *into) {
  troupe_settle_(into, troupe_abi_pid(into->at, into->capacity));
  return troupe_text_of(into);
}

/* Registry id of the entry that it runs. */
static inline troupe_text troupe_id(troupe_buffer *into) {
  troupe_settle_(into, troupe_abi_id(into->at, into->capacity));
  return troupe_text_of(into);
}

/* What it was spawned with: a list. */
static inline troupe_payload troupe_args(troupe_buffer *into) {
  troupe_settle_(into, troupe_abi_args(into->at, into->capacity));
  return troupe_packed(into);
}

/* Context values, inherited through spawns and calls: a map. */
static inline troupe_payload troupe_context(troupe_buffer *into) {
  troupe_settle_(into, troupe_abi_context(into->at, into->capacity));
  return troupe_packed(into);
}

/* End with a value. */
__attribute__((noreturn)) static inline void troupe_exit(troupe_payload value) {
  troupe_abi_exit(value.at, value.length);
}

/* End with an error: `kind` a code, `retryable` 1, 0 or -1 (unknown), `details` a map or nothing. */
__attribute__((noreturn)) static inline void troupe_fail(int32_t kind, troupe_text message, int32_t retryable,
                                                         troupe_payload details) {
  troupe_abi_fail(kind, message.at, message.length, retryable, details.at, details.length);
}

/* End with an error that came from somewhere, as it is: if it says where it happened, so does the end. */
__attribute__((noreturn)) static inline void troupe_fail_with(troupe_error error) {
  if (error.stack.length > 0) {
    troupe_buffer packed = {NULL, 0, 0, false};
    troupe_put_error(&packed, error);
    troupe_abi_fail_with(packed.at, packed.length);
  }
  troupe_fail(error.kind, error.message, error.retryable, error.details);
}

/* The answer of a call, if it is none of a failure; else the process ends with the error. */
static inline int32_t troupe_must(int32_t answer) {
  if (answer < 0) troupe_fail_with(troupe_last_error());
  return answer;
}

/* Go on as another entry (empty: this one, reloaded) with a list of arguments. Returns only if an argument is wrong. */
static inline int32_t troupe_upgrade(troupe_text id, troupe_payload args) {
  return troupe_abi_upgrade(id.at, id.length, args.at, args.length);
}

/* Whether the death of a linked process is an event instead of this process's own end. */
static inline void troupe_trap_links(bool on) { troupe_abi_set_options(on ? 1 : 0, -1); }

/* Whether an event tells that the entry has changed. */
static inline void troupe_upgradable(bool on) { troupe_abi_set_options(-1, on ? 1 : 0); }

/* Whether troupe_trap_links is on. */
static inline bool troupe_traps_links(void) { return (troupe_abi_get_options() & 1) != 0; }

/* Whether troupe_upgradable is on. */
static inline bool troupe_is_upgradable(void) { return (troupe_abi_get_options() & 2) != 0; }

/* ---- Messages out. ---- */

/* Send a payload to a PID or a registered name. */
static inline int32_t troupe_send(troupe_text dest, troupe_text topic, troupe_payload payload) {
  return troupe_abi_send(dest.at, dest.length, topic.at, topic.length, payload.at, payload.length);
}

/* Send one message with as many payloads as the list has items. */
static inline int32_t troupe_send_list(troupe_text dest, troupe_text topic, troupe_payload payloads) {
  return troupe_abi_send_list(dest.at, dest.length, topic.at, topic.length, payloads.at, payloads.length);
}

/* ---- What comes in. ---- */

/* Kinds of events, as the topic of their record. */
#define TROUPE_EVENT_EXIT "pid.exit"           /* a process that is monitored has ended */
#define TROUPE_EVENT_LINK_DOWN "pid.link.down" /* a linked one has failed, with troupe_trap_links */
#define TROUPE_EVENT_CANCEL "pid.cancel"       /* somebody wants this process to end */
#define TROUPE_EVENT_OUTDATED "pid.outdated"   /* the entry has changed, with troupe_upgradable */

/* A message, an event or an answer. */
typedef struct troupe_record {
  int32_t kind;           /* TROUPE_MESSAGE to TROUPE_FAILURE; 0: nothing is there; negative: a code, TROUPE_TIMEOUT say */
  troupe_text topic;      /* of a message; of an event, its kind */
  troupe_text from;       /* PID of the sender, or that an event is about; empty for answers */
  troupe_payload payload; /* of a message; the map of an event; the result or error of an answer */
  int32_t count;          /* how many payloads a message has: if not 1, `payload` is the list of them */
  int32_t tag;            /* of an answer */
} troupe_record;

/* The record that lies at `at`, as the ABI writes it. Handlers are given one: see TROUPE_ON_MESSAGE. */
static inline troupe_record troupe_record_at(const void *at) {
  int32_t words[5];
  __builtin_memcpy(words, at, sizeof words);
  bool answer = words[0] == TROUPE_ANSWER || words[0] == TROUPE_FAILURE;
  const uint8_t *topic = (const uint8_t *)at + TROUPE_RECORD_HEADER;
  const uint8_t *from = topic + words[1];
  troupe_record record = {words[0],
                          {(const char *)topic, (uint32_t)words[1]},
                          {(const char *)from, (uint32_t)words[2]},
                          {from + words[2], (uint32_t)words[3]},
                          answer ? 0 : words[4],
                          answer ? words[4] : 0};
  return record;
}

/* Holds what was received last. */
TROUPE_WEAK troupe_buffer troupe_incoming_ = {NULL, 0, 0, false};

static inline troupe_buffer *troupe_incoming_room_(void) {
  troupe_clear(&troupe_incoming_);
  if (troupe_incoming_.capacity == 0) troupe_reserve(&troupe_incoming_, 1024);
  return &troupe_incoming_;
}

static inline troupe_record troupe_taken_(int32_t length) {
  length = troupe_settle_(&troupe_incoming_, length);
  if (length > 0) return troupe_record_at(troupe_incoming_.at);
  troupe_record none = {length, {NULL, 0}, {NULL, 0}, {NULL, 0}, 0, 0};
  return none;
}

/* Wait for the next message of the inbox. */
static inline troupe_record troupe_receive(void) {
  troupe_buffer *room = troupe_incoming_room_();
  return troupe_taken_(troupe_abi_receive(room->at, room->capacity));
}

/* Wait for it at most so many milliseconds; then `kind` is TROUPE_TIMEOUT. */
static inline troupe_record troupe_receive_timeout(double milliseconds) {
  troupe_buffer *room = troupe_incoming_room_();
  return troupe_taken_(troupe_abi_receive_timeout(milliseconds, room->at, room->capacity));
}

/* Wait for a message on a topic that was given to troupe_listen. */
static inline troupe_record troupe_receive_on(troupe_text topic, double milliseconds) {
  troupe_buffer *room = troupe_incoming_room_();
  return troupe_taken_(troupe_abi_receive_on(topic.at, topic.length, milliseconds, room->at, room->capacity));
}

/* Wait for whatever comes first: `sources` are TROUPE_INBOX, TROUPE_TOPICS, TROUPE_EVENTS, TROUPE_ANSWERS. */
static inline troupe_record troupe_select(int32_t sources, double milliseconds) {
  troupe_buffer *room = troupe_incoming_room_();
  return troupe_taken_(troupe_abi_select(sources, milliseconds, room->at, room->capacity));
}

/* The next message of the inbox if there is one; else `kind` is 0. */
static inline troupe_record troupe_try_receive(void) {
  troupe_buffer *room = troupe_incoming_room_();
  return troupe_taken_(troupe_abi_try_receive(room->at, room->capacity));
}

/* What is there from these sources; `kind` is 0 if nothing is. */
static inline troupe_record troupe_try_select(int32_t sources) {
  troupe_buffer *room = troupe_incoming_room_();
  return troupe_taken_(troupe_abi_try_select(sources, room->at, room->capacity));
}

/* Messages on this topic, waiting ones too, go past the inbox: troupe_receive_on, TROUPE_TOPICS. */
static inline int32_t troupe_listen(troupe_text topic) { return troupe_abi_listen(topic.at, topic.length); }

/* Later messages on this topic go to the inbox again. */
static inline int32_t troupe_unlisten(troupe_text topic) { return troupe_abi_unlisten(topic.at, topic.length); }

/* EXIT and LINK_DOWN: what the process returned; nothing if it failed. */
static inline troupe_payload troupe_event_value(troupe_record event) {
  return troupe_field(troupe_field(event.payload, "result"), "value");
}

/* EXIT and LINK_DOWN: the error that the process failed with; `kind` is 0 if it did not. */
static inline troupe_error troupe_event_error(troupe_record event) {
  return troupe_to_error(troupe_field(troupe_field(event.payload, "result"), "error"));
}

/* CANCEL: why, or empty. */
static inline troupe_text troupe_event_reason(troupe_record event) {
  return troupe_to_text(troupe_field(event.payload, "reason"));
}

/* ---- Children and other processes. ---- */

/*
 * Start a process: registry id of its entry; its host, or empty for the default; a list of arguments, or nothing. Its PID
 * goes into the buffer.
 */
static inline int32_t troupe_spawn(troupe_text id, troupe_text host, troupe_payload args, troupe_buffer *pid) {
  return troupe_settle_(pid, troupe_abi_spawn(id.at, id.length, host.at, host.length, args.at, args.length, pid->at,
                                              pid->capacity));
}

/* And get an EXIT event at its end. */
static inline int32_t troupe_spawn_monitored(troupe_text id, troupe_text host, troupe_payload args,
                                             troupe_buffer *pid) {
  return troupe_settle_(pid, troupe_abi_spawn_monitored(id.at, id.length, host.at, host.length, args.at, args.length,
                                                        pid->at, pid->capacity));
}

/* And die with it, if one of both fails. */
static inline int32_t troupe_spawn_linked(troupe_text id, troupe_text host, troupe_payload args, troupe_buffer *pid) {
  return troupe_settle_(pid, troupe_abi_spawn_linked(id.at, id.length, host.at, host.length, args.at, args.length,
                                                     pid->at, pid->capacity));
}

/* Both. */
static inline int32_t troupe_spawn_linked_monitored(troupe_text id, troupe_text host, troupe_payload args,
                                                    troupe_buffer *pid) {
  return troupe_settle_(pid, troupe_abi_spawn_linked_monitored(id.at, id.length, host.at, host.length, args.at,
                                                               args.length, pid->at, pid->capacity));
}

/*
 * Start a process by a map {id, host?, args?, monitor?, link?, name?, messages?: [[topic, payload...]...], context?,
 * method?, actor?: {id, meta?}, scope?: [policy...]}; the last two need `imports: [security]`.
 */
static inline int32_t troupe_spawn_with(troupe_payload request, troupe_buffer *pid) {
  return troupe_settle_(pid, troupe_abi_spawn_with(request.at, request.length, pid->at, pid->capacity));
}

/* Get an EXIT event when a process ends. */
static inline int32_t troupe_monitor(troupe_text pid) { return troupe_abi_monitor(pid.at, pid.length); }

static inline int32_t troupe_unmonitor(troupe_text pid) { return troupe_abi_unmonitor(pid.at, pid.length); }

/* Die together, if one of both fails. */
static inline int32_t troupe_link(troupe_text pid) { return troupe_abi_link(pid.at, pid.length); }

static inline int32_t troupe_unlink(troupe_text pid) { return troupe_abi_unlink(pid.at, pid.length); }

/* Ask a process to end, for a reason or an empty one: it gets a CANCEL event. */
static inline int32_t troupe_cancel(troupe_text dest, troupe_text reason) {
  return troupe_abi_cancel(dest.at, dest.length, reason.at, reason.length);
}

/* End a process. */
static inline int32_t troupe_terminate(troupe_text dest) { return troupe_abi_terminate(dest.at, dest.length); }

/* Give a name to a process; empty: to this one. */
static inline int32_t troupe_register(troupe_text name, troupe_text pid) {
  return troupe_abi_register(name.at, name.length, pid.at, pid.length);
}

/* The PID that holds a name. */
static inline int32_t troupe_lookup(troupe_text name, troupe_buffer *pid) {
  return troupe_settle_(pid, troupe_abi_lookup(name.at, name.length, pid->at, pid->capacity));
}

/* 1 if the name was held, else 0. */
static inline int32_t troupe_unregister(troupe_text name) { return troupe_abi_unregister(name.at, name.length); }

/* ---- Results of other programs. ---- */

/* Run a program to its end: its value. The arguments are as for troupe_spawn. */
static inline int32_t troupe_exec(troupe_text id, troupe_text host, troupe_payload args, troupe_buffer *value) {
  return troupe_settle_(value, troupe_abi_exec(id.at, id.length, host.at, host.length, args.at, args.length, value->at,
                                               value->capacity));
}

/* The same by a map as for troupe_spawn_with, and {timeout?} in milliseconds. */
static inline int32_t troupe_exec_with(troupe_payload request, troupe_buffer *value) {
  return troupe_settle_(value, troupe_abi_exec_with(request.at, request.length, value->at, value->capacity));
}

/* Call a function by its registry id, with a list of arguments: its result. */
static inline int32_t troupe_call(troupe_text id, troupe_payload args, troupe_buffer *value) {
  return troupe_settle_(value, troupe_abi_call(id.at, id.length, args.at, args.length, value->at, value->capacity));
}

/* ---- Commands: what is started with a tag (0 to 2^29 - 1) goes on meanwhile, and answers by a record. ---- */

/* An answer after so many milliseconds. */
static inline int32_t troupe_start_timer(int32_t tag, double milliseconds) {
  return troupe_abi_start_timer(tag, milliseconds);
}

/* Like troupe_exec_with. */
static inline int32_t troupe_start_exec(int32_t tag, troupe_payload request) {
  return troupe_abi_start_exec(tag, request.at, request.length);
}

/* Like troupe_call. */
static inline int32_t troupe_start_call(int32_t tag, troupe_text id, troupe_payload args) {
  return troupe_abi_start_call(tag, id.at, id.length, args.at, args.length);
}

/* Forget a command: its answer will not come. */
static inline void troupe_abandon(int32_t tag) { troupe_abi_abandon(tag); }

/* ---- Capabilities. An entry imports them: `imports: [time, logger]`. ---- */

/* `time`: nanoseconds since 1970. */
static inline int64_t troupe_now(void) { return troupe_abi_time_now(); }

/* `time`: seconds since 1970. */
static inline double troupe_unix(void) { return troupe_abi_time_unix(); }

/* `time`: wait so many milliseconds, more than 0. */
static inline int32_t troupe_sleep(double milliseconds) { return troupe_abi_time_sleep(milliseconds); }

/* `logger`: a line of text and a map of fields, or nothing. */
static inline int32_t troupe_log_debug(troupe_text text, troupe_payload fields) {
  return troupe_abi_log_debug(text.at, text.length, fields.at, fields.length);
}

static inline int32_t troupe_log_info(troupe_text text, troupe_payload fields) {
  return troupe_abi_log_info(text.at, text.length, fields.at, fields.length);
}

static inline int32_t troupe_log_warn(troupe_text text, troupe_payload fields) {
  return troupe_abi_log_warn(text.at, text.length, fields.at, fields.length);
}

static inline int32_t troupe_log_error(troupe_text text, troupe_payload fields) {
  return troupe_abi_log_error(text.at, text.length, fields.at, fields.length);
}

/*
 * Any operation of any capability: TROUPE_OPERATION(read_file, "fs", "read_file") at the top of a file declares
 * `int32_t read_file(troupe_payload args, troupe_buffer *result)`, with a list of arguments; it waits where the operation does.
 */
#define TROUPE_OPERATION(name, capability, operation)                                                     \
  TROUPE_EXTERN_C TROUPE_IMPORT("troupe:" capability, operation)                                          \
  int32_t name##_import_(const void *args, uint32_t args_len, void *out, uint32_t cap);                   \
  static inline int32_t name(troupe_payload args, troupe_buffer *result) {                                \
    return troupe_settle_(result, name##_import_(args.at, args.length, result->at, result->capacity));    \
  }

/*
 * The same, started with a tag: TROUPE_START_OPERATION(start_read_file, "fs", "read_file") declares
 * `int32_t start_read_file(int32_t tag, troupe_payload args)`.
 */
#define TROUPE_START_OPERATION(name, capability, operation)                                               \
  TROUPE_EXTERN_C TROUPE_IMPORT("troupe:" capability, "start_" operation)                                 \
  int32_t name##_import_(int32_t tag, const void *args, uint32_t args_len);                               \
  static inline int32_t name(int32_t tag, troupe_payload args) { return name##_import_(tag, args.at, args.length); }

/* ---- Handlers: a module without the entry's method, called when something comes. ---- */

/* TROUPE_ON_START(args) { ... } is called once, with the list of arguments; valid until it returns. */
#define TROUPE_ON_START(args)                                                                             \
  static void troupe_on_start_(troupe_payload args);                                                      \
  TROUPE_EXPORT("on_start") void troupe_on_start_export_(const uint8_t *at, uint32_t length) {            \
    troupe_payload given = {at, length};                                                                  \
    troupe_on_start_(given);                                                                              \
  }                                                                                                       \
  static void troupe_on_start_(troupe_payload args)

#define TROUPE_HANDLER_(export_, function, record)                                                        \
  static void function(troupe_record record);                                                             \
  TROUPE_EXPORT(export_) void function##export_of_(const void *at, uint32_t length) {                     \
    (void)length;                                                                                         \
    function(troupe_record_at(at));                                                                       \
  }                                                                                                       \
  static void function(troupe_record record)

/* TROUPE_ON_MESSAGE(message) { ... } is called with each message, of the inbox and of listened topics. */
#define TROUPE_ON_MESSAGE(record) TROUPE_HANDLER_("on_message", troupe_on_message_, record)

/* TROUPE_ON_EVENT(event) { ... } */
#define TROUPE_ON_EVENT(record) TROUPE_HANDLER_("on_event", troupe_on_event_, record)

/* TROUPE_ON_ANSWER(answer) { ... } */
#define TROUPE_ON_ANSWER(record) TROUPE_HANDLER_("on_answer", troupe_on_answer_, record)

/*
 * Where the host may write records for handlers, and texts for functions with a `wit` signature. It asks for records again
 * only when one is longer than all before: rounded up, so that a little longer is no new place.
 */
TROUPE_WEAK __attribute__((export_name("troupe_alloc"))) void *troupe_alloc(uint32_t length) {
  uint32_t room = 256;
  while (room < length && room < 0x80000000u) room *= 2;
  void *at = troupe_reallocate(NULL, 0, room < length ? length : room);
  if (at == NULL) troupe_out_of_memory_();
  return at;
}

#ifdef __cplusplus
}
#endif

#endif
