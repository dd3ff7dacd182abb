/* The conformance agent in C: does what it is told by messages and says how it went. See ../world.ts. */
#include "troupe.h"

/* Questions about what came that was no order answer all of it, each time: items of a list, one after the other. */
typedef struct log {
  troupe_buffer items;
  uint32_t count;
} log;

static log mail;
static log events;

/* Messages on listened topics. */
#define MAX_TOPICS 8
static struct {
  troupe_buffer topic;
  log payloads;
} heard[MAX_TOPICS];
static uint32_t heard_count;

static troupe_text text(troupe_payload order, const char *key) { return troupe_to_text(troupe_field(order, key)); }

static bool has(troupe_payload map, const char *key) { return troupe_type_of(troupe_field(map, key)) != TROUPE_NIL; }

static void failure(void) {
  troupe_buffer details = {0};
  troupe_put_map(&details, 1);
  troupe_put_str(&details, "why");
  troupe_put_str(&details, "test");
  troupe_fail(TROUPE_CONFLICT, troupe_str("no luck"), 1, troupe_packed(&details));
}

static void raise(troupe_text message) { troupe_fail(TROUPE_INTERNAL, message, -1, troupe_nothing()); }

static void put_log(troupe_buffer *ok, const log *entries) {
  troupe_put_list(ok, entries->count);
  troupe_append(ok, entries->items.at, entries->items.length);
}

static void put_error(troupe_buffer *out, troupe_error error, bool whole) {
  troupe_put_map(out, whole ? 4 : 2);
  troupe_put_str(out, "kind");
  troupe_put_str(out, troupe_kind_name(error.kind));
  troupe_put_str(out, "message");
  troupe_put_text(out, error.message);
  if (!whole) return;
  troupe_put_str(out, "retryable");
  if (error.retryable < 0) troupe_put_nil(out);
  else troupe_put_bool(out, error.retryable == 1);
  troupe_put_str(out, "details");
  troupe_put_payload(out, error.details);
}

static void take_events(void) {
  for (;;) {
    troupe_record event = troupe_try_select(TROUPE_EVENTS);
    if (event.kind == 0) return;
    bool cancel = troupe_is(event.topic, TROUPE_EVENT_CANCEL);
    troupe_error error = troupe_event_error(event);
    troupe_buffer *seen = &events.items;
    troupe_put_map(seen, cancel ? 3 : error.kind == 0 ? 3 : 4);
    troupe_put_str(seen, "kind");
    troupe_put_text(seen, event.topic);
    troupe_put_str(seen, "from");
    troupe_put_text(seen, event.from);
    if (cancel) {
      troupe_put_str(seen, "reason");
      troupe_put_text(seen, troupe_event_reason(event));
    } else {
      troupe_put_str(seen, "value");
      troupe_put_payload(seen, troupe_event_value(event));
      if (error.kind != 0) {
        troupe_put_str(seen, "error");
        put_error(seen, error, true);
      }
    }
    events.count++;
  }
}

static log *heard_on(troupe_text topic) {
  for (uint32_t i = 0; i < heard_count; i++) {
    if (troupe_same(troupe_text_of(&heard[i].topic), topic)) return &heard[i].payloads;
  }
  if (heard_count == MAX_TOPICS) raise(troupe_str("too many topics"));
  troupe_keep(&heard[heard_count].topic, topic);
  return &heard[heard_count++].payloads;
}

static void put_heard(troupe_buffer *ok, troupe_text topic) {
  log *list = heard_on(topic);
  for (;;) {
    troupe_record message = troupe_try_select(TROUPE_TOPICS);
    if (message.kind == 0) break;
    troupe_put_payload(&list->items, message.payload);
    list->count++;
  }
  put_log(ok, list);
}

typedef int32_t spawning(troupe_text id, troupe_text host, troupe_payload args, troupe_buffer *pid);

/* The answer to an order goes into `ok`; a negative code where the call was refused. */
static int32_t obey(troupe_text op, troupe_payload order, troupe_buffer *ok) {
  troupe_buffer result = {0};
  int32_t done = 0;
  if (troupe_is(op, "nothing")) {
    troupe_put_bool(ok, true);
  } else if (troupe_is(op, "pid")) {
    troupe_put_text(ok, troupe_pid(&result));
  } else if (troupe_is(op, "id")) {
    troupe_put_text(ok, troupe_id(&result));
  } else if (troupe_is(op, "args")) {
    troupe_put_payload(ok, troupe_args(&result));
  } else if (troupe_is(op, "mail")) {
    put_log(ok, &mail);
  } else if (troupe_is(op, "context")) {
    troupe_put_payload(ok, troupe_field_of(troupe_context(&result), text(order, "key")));
  } else if (troupe_is(op, "spawn")) {
    troupe_text how = text(order, "how");
    spawning *spawn = troupe_is(how, "spawn")             ? troupe_spawn
                      : troupe_is(how, "spawn_monitored") ? troupe_spawn_monitored
                      : troupe_is(how, "spawn_linked")    ? troupe_spawn_linked
                                                          : troupe_spawn_linked_monitored;
    done = spawn(text(order, "id"), text(order, "host"), troupe_field(order, "args"), &result);
    troupe_put_text(ok, troupe_text_of(&result));
  } else if (troupe_is(op, "spawn_named")) {
    troupe_buffer request = {0};
    troupe_put_map(&request, has(order, "messages") ? 4 : 3);
    troupe_put_str(&request, "id");
    troupe_put_payload(&request, troupe_field(order, "id"));
    troupe_put_str(&request, "host");
    troupe_put_payload(&request, troupe_field(order, "host"));
    troupe_put_str(&request, "name");
    troupe_put_payload(&request, troupe_field(order, "name"));
    if (has(order, "messages")) {
      troupe_put_str(&request, "messages");
      troupe_put_payload(&request, troupe_field(order, "messages"));
    }
    done = troupe_spawn_with(troupe_packed(&request), &result);
    troupe_put_text(ok, troupe_text_of(&result));
    troupe_free(&request);
  } else if (troupe_is(op, "send")) {
    troupe_payload payloads = troupe_field(order, "payloads");
    done = troupe_count(payloads) == 1 ? troupe_send(text(order, "to"), text(order, "topic"), troupe_item(payloads, 0))
                                       : troupe_send_list(text(order, "to"), text(order, "topic"), payloads);
    troupe_put_bool(ok, true);
  } else if (troupe_is(op, "flood")) {
    int64_t count = troupe_to_int(troupe_field(order, "count"));
    for (int64_t i = 0; i < count && done >= 0; i++) {
      troupe_clear(&result);
      troupe_put_int(&result, i);
      done = troupe_send(text(order, "to"), troupe_str("flood"), troupe_packed(&result));
    }
    troupe_put_bool(ok, true);
  } else if (troupe_is(op, "monitor")) {
    done = troupe_monitor(text(order, "pid"));
    troupe_put_bool(ok, true);
  } else if (troupe_is(op, "link")) {
    done = troupe_link(text(order, "pid"));
    troupe_put_bool(ok, true);
  } else if (troupe_is(op, "unmonitor")) {
    done = troupe_unmonitor(text(order, "pid"));
    troupe_put_bool(ok, true);
  } else if (troupe_is(op, "unlink")) {
    done = troupe_unlink(text(order, "pid"));
    troupe_put_bool(ok, true);
  } else if (troupe_is(op, "cancel")) {
    done = troupe_cancel(text(order, "to"), text(order, "reason"));
    troupe_put_bool(ok, true);
  } else if (troupe_is(op, "terminate")) {
    done = troupe_terminate(text(order, "to"));
    troupe_put_bool(ok, true);
  } else if (troupe_is(op, "register")) {
    done = troupe_register(text(order, "name"), text(order, "pid"));
    troupe_put_bool(ok, true);
  } else if (troupe_is(op, "lookup")) {
    done = troupe_lookup(text(order, "name"), &result);
    troupe_put_text(ok, troupe_text_of(&result));
  } else if (troupe_is(op, "unregister")) {
    done = troupe_unregister(text(order, "name"));
    troupe_put_bool(ok, done > 0);
  } else if (troupe_is(op, "set_options")) {
    troupe_trap_links(troupe_to_bool(troupe_field(order, "trap_links")));
    troupe_put_bool(ok, true);
  } else if (troupe_is(op, "sleep")) {
    done = troupe_sleep(troupe_to_float(troupe_field(order, "ms")));
    troupe_put_bool(ok, true);
  } else if (troupe_is(op, "exec")) {
    done = troupe_exec(text(order, "id"), text(order, "host"), troupe_field(order, "args"), &result);
    troupe_put_payload(ok, troupe_packed(&result));
  } else if (troupe_is(op, "events")) {
    take_events();
    put_log(ok, &events);
  } else if (troupe_is(op, "listen")) {
    done = troupe_listen(text(order, "topic"));
    troupe_put_bool(ok, true);
  } else if (troupe_is(op, "heard")) {
    put_heard(ok, text(order, "topic"));
  } else {
    done = troupe_unlisten(text(order, "topic"));
    troupe_put_bool(ok, true);
  }
  troupe_free(&result);
  return done;
}

/* Agents that are spawned with arguments end at once, in the way that these say. */
static void follow_args(troupe_payload args) {
  troupe_payload first = troupe_item(args, 0);
  if (troupe_type_of(first) != TROUPE_TEXT) return;
  if (troupe_count(args) == 1) {
    troupe_record event = troupe_select(TROUPE_EVENTS, TROUPE_FOREVER);
    troupe_buffer reason = {0};
    troupe_put_text(&reason, troupe_event_reason(event));
    troupe_exit(troupe_packed(&reason));
  }
  troupe_text what = troupe_to_text(first);
  if (troupe_is(what, "return")) troupe_exit(troupe_item(args, 1));
  if (troupe_is(what, "raise")) raise(troupe_to_text(troupe_item(args, 1)));
  if (troupe_is(what, "return_error")) failure();
}

TROUPE_EXPORT("main") void agent(void) {
  troupe_buffer args = {0};
  follow_args(troupe_args(&args));
  troupe_buffer order = {0};
  troupe_buffer from = {0};
  troupe_buffer answer = {0};
  troupe_buffer ok = {0};
  for (;;) {
    troupe_record message = troupe_receive();
    if (!troupe_is(message.topic, "do")) {
      troupe_put_list(&mail.items, 3);
      troupe_put_text(&mail.items, message.topic);
      troupe_put_payload(&mail.items, message.payload);
      troupe_put_text(&mail.items, message.from);
      mail.count++;
      continue;
    }
    /* Kept: an order may receive, and what was received before is gone then. */
    troupe_clear(&order);
    troupe_put_payload(&order, message.payload);
    troupe_keep(&from, message.from);

    troupe_payload told = troupe_packed(&order);
    troupe_text op = text(told, "op");
    if (troupe_is(op, "return")) troupe_exit(troupe_field(told, "value"));
    if (troupe_is(op, "return_nothing")) return;
    if (troupe_is(op, "return_error")) failure();
    if (troupe_is(op, "raise")) raise(text(told, "message"));
    troupe_clear(&ok);
    int32_t done = obey(op, told, &ok);
    int64_t n = troupe_to_int(troupe_field(told, "n"));
    if (n == 0) continue;
    troupe_clear(&answer);
    troupe_put_map(&answer, 2);
    troupe_put_str(&answer, "n");
    troupe_put_int(&answer, n);
    if (done < 0) {
      troupe_put_str(&answer, "error");
      put_error(&answer, troupe_last_error(), false);
    } else {
      troupe_put_str(&answer, "ok");
      troupe_put_payload(&answer, troupe_packed(&ok));
    }
    troupe_send(troupe_text_of(&from), troupe_str("did"), troupe_packed(&answer));
  }
}
