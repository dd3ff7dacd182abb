/* What programs do with the SDK for C: each export is one scenario, which ends with what it saw. See ../scenarios.ts. */
#include "troupe.h"

TROUPE_OPERATION(json_encode, "json", "encode")
TROUPE_OPERATION(json_decode, "json", "decode")
TROUPE_START_OPERATION(start_json_encode, "json", "encode")

/* What a scenario saw: values one after the other. */
static troupe_buffer seen;
static uint32_t seen_count;

static troupe_buffer *see(void) {
  seen_count++;
  return &seen;
}

static void see_str(const char *text) { troupe_put_str(see(), text); }

static void see_code(int32_t code) { see_str(code < 0 ? troupe_kind_name(code) : "ok"); }

static void leave(void) {
  troupe_buffer list = {0};
  troupe_put_list(&list, seen_count);
  troupe_append(&list, seen.at, seen.length);
  troupe_exit(troupe_packed(&list));
}

/* The list of one integer. */
static troupe_payload one(troupe_buffer *room, int64_t value) {
  troupe_clear(room);
  troupe_put_list(room, 1);
  troupe_put_int(room, value);
  return troupe_packed(room);
}

/* One integer. */
static troupe_payload integer(troupe_buffer *room, int64_t value) {
  troupe_clear(room);
  troupe_put_int(room, value);
  return troupe_packed(room);
}

/* Read a value of any shape and write it again. */
static void recode(troupe_reader *in, troupe_buffer *out) {
  switch (troupe_peek(in)) {
    case TROUPE_BOOL: troupe_put_bool(out, troupe_get_bool(in)); return;
    case TROUPE_INT: {
      troupe_reader again = *in;
      int64_t value = troupe_get_int(in);
      if (!in->failed) {
        troupe_put_int(out, value);
      } else {
        in->failed = false;
        troupe_put_uint(out, troupe_get_uint(&again));
      }
      return;
    }
    case TROUPE_FLOAT: troupe_put_float(out, troupe_get_float(in)); return;
    case TROUPE_TEXT: troupe_put_text(out, troupe_get_text(in)); return;
    case TROUPE_BYTES: {
      troupe_payload bytes = troupe_get_bytes(in);
      troupe_put_bytes(out, bytes.at, bytes.length);
      return;
    }
    case TROUPE_LIST: {
      uint32_t count = troupe_get_list(in);
      troupe_put_list(out, count);
      while (count-- > 0) recode(in, out);
      return;
    }
    case TROUPE_MAP: {
      uint32_t count = troupe_get_map(in);
      troupe_put_map(out, count);
      while (count-- > 0) {
        troupe_put_text(out, troupe_get_text(in));
        recode(in, out);
      }
      return;
    }
    case TROUPE_ERROR: troupe_put_error(out, troupe_to_error(troupe_get_payload(in))); return;
    default:
      troupe_get_nil(in);
      troupe_put_nil(out);
  }
}

/* Sends back what it gets, until "stop". */
TROUPE_EXPORT("echo") void echo(void) {
  troupe_buffer copy = {0};
  for (;;) {
    troupe_record message = troupe_receive();
    if (troupe_is(message.topic, "stop")) return;
    troupe_reader reader = troupe_read(message.payload);
    troupe_clear(&copy);
    recode(&reader, &copy);
    if (reader.failed || reader.at != reader.end) troupe_fail(TROUPE_INTERNAL, troupe_str("misread"), 0, message.payload);
    if (message.count == 1) troupe_send(message.from, message.topic, troupe_packed(&copy));
    else troupe_send_list(message.from, message.topic, troupe_packed(&copy));
  }
}

TROUPE_EXPORT("identity") void identity(void) {
  troupe_buffer pid = {0}, id = {0}, args = {0}, context = {0};
  troupe_put_text(see(), troupe_pid(&pid));
  troupe_put_text(see(), troupe_id(&id));
  troupe_put_payload(see(), troupe_args(&args));
  troupe_put_payload(see(), troupe_field(troupe_context(&context), "who"));
  leave();
}

/* Adds what it is told to its argument; "stop" ends it with the sum. */
TROUPE_EXPORT("adder") void adder(void) {
  troupe_buffer room = {0};
  int64_t total = troupe_to_int(troupe_item(troupe_args(&room), 0));
  for (;;) {
    troupe_record message = troupe_receive();
    if (troupe_is(message.topic, "stop")) troupe_exit(integer(&room, total));
    total += troupe_to_int(message.payload);
  }
}

TROUPE_EXPORT("failing") void failing(void) {
  troupe_buffer details = {0};
  troupe_put_map(&details, 1);
  troupe_put_str(&details, "why");
  troupe_put_str(&details, "test");
  troupe_fail(TROUPE_CONFLICT, troupe_str("no luck"), 1, troupe_packed(&details));
}

TROUPE_EXPORT("trapping") void trapping(void) { __builtin_trap(); }

static troupe_text host(void) { return troupe_str("app:h"); }

TROUPE_EXPORT("children") void children(void) {
  troupe_buffer child = {0}, args = {0}, number = {0};
  troupe_must(troupe_spawn_monitored(troupe_str("app:adder"), host(), one(&args, 20), &child));
  troupe_must(troupe_send(troupe_text_of(&child), troupe_str("add"), integer(&number, 22)));
  troupe_must(troupe_send(troupe_text_of(&child), troupe_str("stop"), troupe_nothing()));
  troupe_record event = troupe_select(TROUPE_EVENTS, TROUPE_FOREVER);
  troupe_put_text(see(), event.topic);
  troupe_put_bool(see(), troupe_same(event.from, troupe_text_of(&child)));
  troupe_put_payload(see(), troupe_event_value(event));
  see_code(troupe_send(troupe_text_of(&child), troupe_str("add"), troupe_nothing()));
  see_code(troupe_monitor(troupe_text_of(&child)));
  see_code(troupe_spawn(troupe_str("app:nothing"), host(), troupe_nothing(), &child));

  /* The error of a child, with all that it says. */
  troupe_must(troupe_spawn_monitored(troupe_str("app:failing"), host(), troupe_nothing(), &child));
  troupe_error error = troupe_event_error(troupe_select(TROUPE_EVENTS, TROUPE_FOREVER));
  see_code(error.kind);
  troupe_put_text(see(), error.message);
  troupe_put_int(see(), error.retryable);
  troupe_put_payload(see(), error.details);

  /* Links. */
  troupe_trap_links(true);
  troupe_must(troupe_spawn_linked(troupe_str("app:trapping"), host(), troupe_nothing(), &child));
  event = troupe_select(TROUPE_EVENTS, TROUPE_FOREVER);
  troupe_put_text(see(), event.topic);
  troupe_put_text(see(), troupe_event_error(event).message);
  troupe_must(troupe_spawn(troupe_str("app:adder"), host(), one(&args, 1), &child));
  troupe_must(troupe_link(troupe_text_of(&child)));
  troupe_must(troupe_unlink(troupe_text_of(&child)));
  troupe_must(troupe_monitor(troupe_text_of(&child)));
  troupe_must(troupe_unmonitor(troupe_text_of(&child)));
  troupe_must(troupe_terminate(troupe_text_of(&child)));
  see_code(troupe_select(TROUPE_EVENTS, 20).kind);
  troupe_must(troupe_spawn_linked_monitored(troupe_str("app:adder"), host(), one(&args, 1), &child));
  troupe_must(troupe_terminate(troupe_text_of(&child)));
  troupe_put_text(see(), troupe_select(TROUPE_EVENTS, TROUPE_FOREVER).topic);
  troupe_put_text(see(), troupe_select(TROUPE_EVENTS, TROUPE_FOREVER).topic);
  leave();
}

/* Dies with a child that it is linked to. */
TROUPE_EXPORT("linked") void linked(void) {
  troupe_buffer child = {0};
  troupe_must(troupe_spawn_linked(troupe_str("app:failing"), host(), troupe_nothing(), &child));
  troupe_receive();
}

TROUPE_EXPORT("passing") void passing(void) {
  troupe_buffer result = {0};
  troupe_must(troupe_exec(troupe_str("app:trapping"), host(), troupe_nothing(), &result));
}

TROUPE_EXPORT("options") void options(void) {
  troupe_put_bool(see(), troupe_traps_links());
  troupe_trap_links(true);
  troupe_put_bool(see(), troupe_traps_links());
  troupe_put_bool(see(), troupe_is_upgradable());
  troupe_upgradable(true);
  troupe_trap_links(false);
  troupe_put_bool(see(), troupe_traps_links());
  troupe_put_bool(see(), troupe_is_upgradable());
  leave();
}

TROUPE_EXPORT("names") void names(void) {
  troupe_buffer request = {0}, first = {0}, second = {0}, found = {0};
  troupe_put_map(&request, 6);
  troupe_put_str(&request, "id");
  troupe_put_str(&request, "app:sdk");
  troupe_put_str(&request, "method");
  troupe_put_str(&request, "adder");
  troupe_put_str(&request, "host");
  troupe_put_str(&request, "app:h");
  troupe_put_str(&request, "name");
  troupe_put_str(&request, "adder");
  troupe_put_str(&request, "args");
  troupe_put_payload(&request, one(&first, 1));
  troupe_put_str(&request, "messages");
  troupe_put_list(&request, 1);
  troupe_put_list(&request, 2);
  troupe_put_str(&request, "add");
  troupe_put_int(&request, 2);
  troupe_must(troupe_spawn_with(troupe_packed(&request), &first));
  troupe_must(troupe_spawn_with(troupe_packed(&request), &second));
  troupe_put_bool(see(), troupe_same(troupe_text_of(&first), troupe_text_of(&second)));
  troupe_must(troupe_lookup(troupe_str("adder"), &found));
  troupe_put_bool(see(), troupe_same(troupe_text_of(&first), troupe_text_of(&found)));
  troupe_must(troupe_monitor(troupe_str("adder")));
  troupe_must(troupe_send(troupe_str("adder"), troupe_str("stop"), troupe_nothing()));
  troupe_put_payload(see(), troupe_event_value(troupe_select(TROUPE_EVENTS, TROUPE_FOREVER)));
  see_code(troupe_lookup(troupe_str("adder"), &found));
  see_code(troupe_register(troupe_str("me"), troupe_str("")));
  see_code(troupe_register(troupe_str("me"), troupe_pid(&found)));
  troupe_put_int(see(), troupe_unregister(troupe_str("me")));
  troupe_put_int(see(), troupe_unregister(troupe_str("me")));
  leave();
}

TROUPE_EXPORT("timers") void timers(void) {
  int64_t before = troupe_now();
  double seconds = troupe_unix();
  see_code(troupe_start_timer(1, 30));
  see_code(troupe_start_timer(2, 5));
  see_code(troupe_start_timer(2, 5));
  see_code(troupe_start_timer(3, 1));
  troupe_abandon(3);
  for (int32_t i = 0; i < 2; i++) {
    troupe_record answer = troupe_select(TROUPE_ANSWERS, TROUPE_FOREVER);
    troupe_put_int(see(), answer.kind);
    troupe_put_int(see(), answer.tag);
  }
  see_code(troupe_sleep(2));
  see_code(troupe_sleep(0));
  troupe_put_bool(see(), troupe_now() - before >= 30000000);
  troupe_put_bool(see(), troupe_unix() - seconds >= 0.03);
  leave();
}

TROUPE_EXPORT("programs") void programs(void) {
  troupe_buffer request = {0}, args = {0}, result = {0};
  /* More than its buffer's first room: what does not fit at first is fetched. */
  troupe_must(troupe_exec(troupe_str("app:lua_repeat"), host(), one(&args, 100000), &result));
  troupe_put_int(see(), troupe_to_text(troupe_packed(&result)).length);
  troupe_must(troupe_call(troupe_str("app:double"), one(&args, 21), &result));
  troupe_put_payload(see(), troupe_packed(&result));

  see_code(troupe_exec(troupe_str("app:failing"), host(), troupe_nothing(), &result));
  troupe_error error = troupe_last_error();
  see_code(error.kind);
  troupe_put_text(see(), error.message);
  troupe_put_int(see(), error.retryable);
  troupe_put_payload(see(), error.details);

  troupe_put_map(&request, 3);
  troupe_put_str(&request, "id");
  troupe_put_str(&request, "app:adder");
  troupe_put_str(&request, "host");
  troupe_put_str(&request, "app:h");
  troupe_put_str(&request, "timeout");
  troupe_put_int(&request, 5);
  see_code(troupe_exec_with(troupe_packed(&request), &result));

  /* Several at once, each answering when it is done. */
  troupe_must(troupe_start_exec(7, troupe_packed(&request)));
  troupe_must(troupe_start_call(8, troupe_str("app:double"), one(&args, 4)));
  for (int32_t i = 0; i < 2; i++) {
    troupe_record answer = troupe_select(TROUPE_ANSWERS, TROUPE_FOREVER);
    troupe_put_int(see(), answer.tag);
    if (answer.kind == TROUPE_ANSWER) troupe_put_payload(see(), answer.payload);
    else see_code(troupe_to_error(answer.payload).kind);
  }
  leave();
}

TROUPE_EXPORT("sources") void sources(void) {
  troupe_buffer self = {0}, number = {0};
  troupe_pid(&self);
  troupe_text me = troupe_text_of(&self);
  see_code(troupe_listen(troupe_str("side")));
  troupe_must(troupe_send(me, troupe_str("plain"), integer(&number, 1)));
  troupe_must(troupe_send(me, troupe_str("side"), integer(&number, 2)));
  troupe_must(troupe_start_timer(9, 1));
  troupe_must(troupe_sleep(10));
  troupe_must(troupe_cancel(me, troupe_str("enough")));
  for (int32_t i = 0; i < 4; i++) {
    troupe_record record = troupe_select(TROUPE_ALL, TROUPE_FOREVER);
    troupe_put_int(see(), record.kind);
    if (record.kind == TROUPE_EVENT) troupe_put_text(see(), troupe_event_reason(record));
    else troupe_put_payload(see(), record.payload);
  }
  troupe_put_int(see(), troupe_try_select(TROUPE_ALL).kind);
  troupe_put_int(see(), troupe_try_receive().kind);
  see_code(troupe_receive_timeout(1).kind);
  see_code(troupe_receive_on(troupe_str("side"), 1).kind);
  troupe_must(troupe_send(me, troupe_str("side"), integer(&number, 3)));
  troupe_put_payload(see(), troupe_receive_on(troupe_str("side"), TROUPE_FOREVER).payload);
  see_code(troupe_unlisten(troupe_str("side")));
  troupe_must(troupe_send(me, troupe_str("side"), integer(&number, 4)));
  troupe_put_payload(see(), troupe_receive().payload);
  leave();
}

TROUPE_EXPORT("capabilities") void capabilities(void) {
  troupe_buffer args = {0}, result = {0}, fields = {0};
  troupe_must(json_encode(one(&args, 5), &result));
  troupe_put_payload(see(), troupe_packed(&result));
  troupe_clear(&args);
  troupe_put_list(&args, 1);
  troupe_put_str(&args, "{");
  see_code(json_decode(troupe_packed(&args), &result));
  troupe_must(start_json_encode(4, one(&args, 6)));
  troupe_record answer = troupe_select(TROUPE_ANSWERS, TROUPE_FOREVER);
  troupe_put_int(see(), answer.tag);
  troupe_put_payload(see(), answer.payload);
  troupe_put_map(&fields, 1);
  troupe_put_str(&fields, "n");
  troupe_put_int(&fields, 1);
  see_code(troupe_log_debug(troupe_str("low"), troupe_nothing()));
  see_code(troupe_log_info(troupe_str("hello"), troupe_packed(&fields)));
  see_code(troupe_log_warn(troupe_str("hm"), troupe_nothing()));
  see_code(troupe_log_error(troupe_str("oh"), troupe_packed(&args)));
  leave();
}

/* Goes on as itself with what it has counted, until it has been three times there. */
TROUPE_EXPORT("counting") void counting(void) {
  troupe_buffer args = {0};
  int64_t round = troupe_to_int(troupe_item(troupe_args(&args), 0));
  troupe_upgradable(true);
  troupe_record message = troupe_receive();
  round += troupe_to_int(message.payload);
  if (round >= 111) troupe_exit(integer(&args, round));
  see_code(troupe_upgrade(troupe_str(""), one(&args, round)));
  leave();
}

/* A process that hoards ends with an error that says so. */
TROUPE_EXPORT("hoarding") void hoarding(void) {
  troupe_buffer hoard = {0};
  for (;;) troupe_append(&hoard, "................................................................", 64);
}

/* wit: "shout: func(text: string) -> string" */
TROUPE_EXPORT("shout") const troupe_text *shout(char *at, uint32_t length) {
  static troupe_text loud;
  for (uint32_t i = 0; i < length; i++) {
    if (at[i] >= 'a' && at[i] <= 'z') at[i] -= 'a' - 'A';
  }
  loud.at = at;
  loud.length = length;
  return &loud;
}
