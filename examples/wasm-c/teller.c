/* Takes orders one after the other: asks for the rate, waits for it, and has the ledger write down what it comes to. */
#include "troupe.h"

/* What an order of so many units comes to, or a negative code. */
static int64_t converted(troupe_payload order, troupe_buffer *rate) {
  troupe_buffer args = {0};
  troupe_put_list(&args, 1);
  troupe_put_payload(&args, troupe_field(order, "currency"));
  int32_t answer = troupe_call(troupe_str("bank:rates"), troupe_packed(&args), rate);
  troupe_free(&args);
  if (answer < 0) return answer;
  return (int64_t)(troupe_to_float(troupe_field(order, "amount")) * troupe_to_float(troupe_packed(rate)) + 0.5);
}

TROUPE_EXPORT("main") void teller(void) {
  troupe_buffer args = {0}, rate = {0}, receipt = {0}, entry = {0};
  troupe_text ledger = troupe_to_text(troupe_item(troupe_args(&args), 0));
  for (;;) {
    troupe_record order = troupe_receive();
    int64_t amount = converted(order.payload, &rate);
    troupe_clear(&receipt);
    if (amount < 0) {
      troupe_put_text(&receipt, troupe_last_error().message);
    } else {
      troupe_clear(&entry);
      troupe_put_map(&entry, 2);
      troupe_put_str(&entry, "account");
      troupe_put_payload(&entry, troupe_field(order.payload, "account"));
      troupe_put_str(&entry, "euros");
      troupe_put_int(&entry, amount);
      troupe_must(troupe_send(ledger, troupe_str("book"), troupe_packed(&entry)));
      troupe_put_str(&receipt, "booked");
    }
    /* A customer who has left meanwhile needs no receipt. */
    troupe_send(order.from, troupe_str("receipt"), troupe_packed(&receipt));
  }
}
