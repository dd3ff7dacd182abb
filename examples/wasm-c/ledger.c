/* Keeps accounts. It has handlers and no main: it is called when something comes, and waits for nothing itself. */
#include "troupe.h"

#define MAX_ACCOUNTS 1000

typedef struct account {
  troupe_buffer name;
  int64_t euros;
} account;

static account accounts[MAX_ACCOUNTS];
static uint32_t count;

/* The account of this name, new if there was none. */
static account *account_of(troupe_text name) {
  for (uint32_t i = 0; i < count; i++) {
    if (troupe_same(troupe_text_of(&accounts[i].name), name)) return &accounts[i];
  }
  if (count == MAX_ACCOUNTS) troupe_fail(TROUPE_RATE_LIMITED, troupe_str("the ledger is full"), 0, troupe_nothing());
  troupe_keep(&accounts[count].name, name);
  return &accounts[count++];
}

static void report(troupe_text to) {
  troupe_buffer list = {0};
  troupe_put_list(&list, count);
  for (uint32_t i = 0; i < count; i++) {
    troupe_put_map(&list, 2);
    troupe_put_str(&list, "account");
    troupe_put_text(&list, troupe_text_of(&accounts[i].name));
    troupe_put_str(&list, "euros");
    troupe_put_int(&list, accounts[i].euros);
  }
  troupe_send(to, troupe_str("balances"), troupe_packed(&list));
  troupe_free(&list);
}

TROUPE_ON_MESSAGE(message) {
  if (troupe_is(message.topic, "report")) {
    report(message.from);
  } else if (troupe_is(message.topic, "book")) {
    account_of(troupe_to_text(troupe_field(message.payload, "account")))->euros +=
        troupe_to_int(troupe_field(message.payload, "euros"));
  }
}
