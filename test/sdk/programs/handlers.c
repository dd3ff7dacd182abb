/* Handlers with several commands outstanding: adds up messages and answers, and ends with both when it is cancelled. */
#include "troupe.h"

TROUPE_START_OPERATION(start_json_encode, "json", "encode")

enum { TIMER = 1, EXEC, CALL, JSON, FAILING };

static int64_t sum;
static troupe_buffer answers;
static uint32_t answered;
static troupe_buffer parent;

TROUPE_ON_START(args) {
  troupe_buffer number = {0}, request = {0};
  troupe_keep(&parent, troupe_to_text(troupe_item(args, 0)));
  troupe_put_list(&number, 1);
  troupe_put_payload(&number, troupe_item(args, 1));
  troupe_must(troupe_start_timer(TIMER, 20));
  troupe_must(troupe_start_call(CALL, troupe_str("app:double"), troupe_packed(&number)));
  troupe_must(start_json_encode(JSON, troupe_packed(&number)));
  troupe_put_map(&request, 2);
  troupe_put_str(&request, "id");
  troupe_put_str(&request, "app:failing");
  troupe_put_str(&request, "host");
  troupe_put_str(&request, "app:h");
  troupe_must(troupe_start_exec(FAILING, troupe_packed(&request)));
}

TROUPE_ON_MESSAGE(message) {
  sum += troupe_to_int(message.payload);
  /* A handler may wait, too; what it was given stays where it is meanwhile. */
  if (troupe_is(message.topic, "slow")) {
    troupe_must(troupe_sleep(5));
    sum += troupe_to_int(message.payload);
  }
}

TROUPE_ON_ANSWER(answer) {
  troupe_put_int(&answers, answer.tag);
  if (answer.kind == TROUPE_FAILURE) troupe_put_text(&answers, troupe_to_error(answer.payload).message);
  else troupe_put_payload(&answers, answer.payload);
  if (++answered == 4) troupe_must(troupe_send(troupe_text_of(&parent), troupe_str("answered"), troupe_nothing()));
}

TROUPE_ON_EVENT(event) {
  troupe_buffer result = {0};
  if (!troupe_is(event.topic, TROUPE_EVENT_CANCEL)) return;
  troupe_put_map(&result, 3);
  troupe_put_str(&result, "sum");
  troupe_put_int(&result, sum);
  troupe_put_str(&result, "answers");
  troupe_put_list(&result, answered * 2);
  troupe_append(&result, answers.at, answers.length);
  troupe_put_str(&result, "reason");
  troupe_put_text(&result, troupe_event_reason(event));
  troupe_exit(troupe_packed(&result));
}
