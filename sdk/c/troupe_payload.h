/*
 * Payloads: MessagePack written into buffers and read where it lies, without allocation.
 *
 *   troupe_buffer order = {0};
 *   troupe_put_map(&order, 2);
 *   troupe_put_str(&order, "id");   troupe_put_int(&order, 7);
 *   troupe_put_str(&order, "tags"); troupe_put_list(&order, 0);
 *
 *   int64_t id = troupe_to_int(troupe_field(message.payload, "id"));
 */
#ifndef TROUPE_PAYLOAD_H
#define TROUPE_PAYLOAD_H

#include "troupe_memory.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Text that lies elsewhere: UTF-8, not ended by a zero. */
typedef struct troupe_text {
  const char *at;
  uint32_t length;
} troupe_text;

/* One MessagePack value that lies elsewhere. Length 0 stands for nil, an empty list or an empty map: what is wanted. */
typedef struct troupe_payload {
  const uint8_t *at;
  uint32_t length;
} troupe_payload;

/* A text from a C string; free for a literal. */
static inline troupe_text troupe_str(const char *text) {
  troupe_text view = {text, (uint32_t)__builtin_strlen(text)};
  return view;
}

/* Nothing: nil, no arguments, no details. */
static inline troupe_payload troupe_nothing(void) {
  troupe_payload nothing = {NULL, 0};
  return nothing;
}

/* What was written into a buffer, as a payload. Valid until the buffer is written again or freed. */
static inline troupe_payload troupe_packed(const troupe_buffer *buffer) {
  troupe_payload view = {buffer->at, buffer->length};
  return view;
}

/* What is in a buffer, as text: where a call gave a PID. Valid until the buffer is written again or freed. */
static inline troupe_text troupe_text_of(const troupe_buffer *buffer) {
  troupe_text view = {(const char *)buffer->at, buffer->length};
  return view;
}

/* Whether two texts are the same. */
TROUPE_OUTLINED bool troupe_same(troupe_text a, troupe_text b) {
  return a.length == b.length && (a.length == 0 || __builtin_memcmp(a.at, b.at, a.length) == 0);
}

/* Whether a text is this C string: `if (troupe_is(message.topic, "add"))`. */
static inline bool troupe_is(troupe_text text, const char *literal) { return troupe_same(text, troupe_str(literal)); }

/* ---- Writing. Every value goes to the end of the buffer; a list or a map is followed by so many values. ---- */

/* A head byte and the low `bytes` bytes of `value`, highest first. */
TROUPE_OUTLINED void troupe_put_head_(troupe_buffer *buffer, uint8_t head, uint64_t value, uint32_t bytes) {
  uint8_t *at = troupe_reserve(buffer, 1 + bytes);
  at[0] = head;
  for (uint32_t i = bytes; i > 0; i--) {
    at[i] = (uint8_t)value;
    value >>= 8;
  }
  buffer->length += 1 + bytes;
}

/* Bytes as they are: text for later, or values that are written already. */
TROUPE_OUTLINED void troupe_append(troupe_buffer *buffer, const void *bytes, uint32_t length) {
  if (length == 0) return;
  __builtin_memcpy(troupe_reserve(buffer, length), bytes, length);
  buffer->length += length;
}

/* A head with a length of 1, 2 or 4 bytes; `head` is the one for 1 byte. */
static inline void troupe_put_length_(troupe_buffer *buffer, uint8_t head, uint32_t length) {
  if (length <= 0xff) troupe_put_head_(buffer, head, length, 1);
  else if (length <= 0xffff) troupe_put_head_(buffer, (uint8_t)(head + 1), length, 2);
  else troupe_put_head_(buffer, (uint8_t)(head + 2), length, 4);
}

/* Keep a text: the buffer holds a copy of it, and nothing else. */
static inline void troupe_keep(troupe_buffer *buffer, troupe_text text) {
  troupe_clear(buffer);
  troupe_append(buffer, text.at, text.length);
}

static inline void troupe_put_nil(troupe_buffer *buffer) { troupe_put_head_(buffer, 0xc0, 0, 0); }

static inline void troupe_put_bool(troupe_buffer *buffer, bool value) {
  troupe_put_head_(buffer, value ? 0xc3 : 0xc2, 0, 0);
}

static inline void troupe_put_uint(troupe_buffer *buffer, uint64_t value) {
  if (value < 0x80) troupe_put_head_(buffer, (uint8_t)value, 0, 0);
  else if (value <= 0xff) troupe_put_head_(buffer, 0xcc, value, 1);
  else if (value <= 0xffff) troupe_put_head_(buffer, 0xcd, value, 2);
  else if (value <= 0xffffffff) troupe_put_head_(buffer, 0xce, value, 4);
  else troupe_put_head_(buffer, 0xcf, value, 8);
}

static inline void troupe_put_int(troupe_buffer *buffer, int64_t value) {
  if (value >= 0) troupe_put_uint(buffer, (uint64_t)value);
  else if (value >= -32) troupe_put_head_(buffer, (uint8_t)value, 0, 0);
  else if (value >= INT8_MIN) troupe_put_head_(buffer, 0xd0, (uint64_t)value, 1);
  else if (value >= INT16_MIN) troupe_put_head_(buffer, 0xd1, (uint64_t)value, 2);
  else if (value >= INT32_MIN) troupe_put_head_(buffer, 0xd2, (uint64_t)value, 4);
  else troupe_put_head_(buffer, 0xd3, (uint64_t)value, 8);
}

static inline void troupe_put_float(troupe_buffer *buffer, double value) {
  uint64_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  troupe_put_head_(buffer, 0xcb, bits, 8);
}

TROUPE_OUTLINED void troupe_put_text(troupe_buffer *buffer, troupe_text text) {
  if (text.length < 32) troupe_put_head_(buffer, (uint8_t)(0xa0 | text.length), 0, 0);
  else troupe_put_length_(buffer, 0xd9, text.length);
  troupe_append(buffer, text.at, text.length);
}

/* A C string; also the key of a value in a map. */
static inline void troupe_put_str(troupe_buffer *buffer, const char *text) {
  troupe_put_text(buffer, troupe_str(text));
}

static inline void troupe_put_bytes(troupe_buffer *buffer, const void *bytes, uint32_t length) {
  troupe_put_length_(buffer, 0xc4, length);
  troupe_append(buffer, bytes, length);
}

/* A list: `count` values follow. */
static inline void troupe_put_list(troupe_buffer *buffer, uint32_t count) {
  if (count < 16) troupe_put_head_(buffer, (uint8_t)(0x90 | count), 0, 0);
  else if (count <= 0xffff) troupe_put_head_(buffer, 0xdc, count, 2);
  else troupe_put_head_(buffer, 0xdd, count, 4);
}

/* A map: `count` pairs of a text and a value follow. */
static inline void troupe_put_map(troupe_buffer *buffer, uint32_t count) {
  if (count < 16) troupe_put_head_(buffer, (uint8_t)(0x80 | count), 0, 0);
  else if (count <= 0xffff) troupe_put_head_(buffer, 0xde, count, 2);
  else troupe_put_head_(buffer, 0xdf, count, 4);
}

/* A value that is written already: a part of another payload, say. */
static inline void troupe_put_payload(troupe_buffer *buffer, troupe_payload payload) {
  if (payload.length == 0) troupe_put_nil(buffer);
  else troupe_append(buffer, payload.at, payload.length);
}

/* ---- Reading. ---- */

typedef enum troupe_type {
  TROUPE_NOTHING, /* the end, or bytes that are no value */
  TROUPE_NIL,
  TROUPE_BOOL,
  TROUPE_INT,
  TROUPE_FLOAT,
  TROUPE_TEXT,
  TROUPE_BYTES,
  TROUPE_LIST,
  TROUPE_MAP,
  TROUPE_ERROR
} troupe_type;

/*
 * Reads values one after the other. It never traps: where a value is not what was asked for, the answer is 0, false or
 * empty, the value is passed over, and `failed` is true from then on.
 */
typedef struct troupe_reader {
  const uint8_t *at;
  const uint8_t *end;
  bool failed;
} troupe_reader;

static inline troupe_reader troupe_read(troupe_payload payload) {
  troupe_reader reader = {payload.at, payload.at + payload.length, false};
  return reader;
}

/* The head of one value. */
typedef struct troupe_head_ {
  troupe_type type;
  bool negative;   /* an integer below 0: `bits` is its two's complement */
  uint32_t size;   /* bytes of the head */
  uint32_t length; /* bytes of content behind it: texts, bytes, errors */
  uint32_t count;  /* values behind it: items of a list, keys and values of a map */
  uint64_t bits;   /* integers, bools; a float as its 64 bits */
} troupe_head_;

/* The head at the reader's place; `type` is TROUPE_NOTHING where there is no whole value. */
TROUPE_OUTLINED troupe_head_ troupe_look_(const troupe_reader *reader) {
  troupe_head_ head = {TROUPE_NOTHING, false, 1, 0, 0, 0};
  uint32_t left = (uint32_t)(reader->end - reader->at);
  if (left == 0) return head;
  uint8_t first = reader->at[0];
  uint32_t wide = 0; /* bytes of the number behind the first byte */
  troupe_type type = TROUPE_NOTHING;
  if (first < 0x80) {
    head.bits = first;
    type = TROUPE_INT;
  } else if (first < 0x90) {
    head.bits = first & 15;
    type = TROUPE_MAP;
  } else if (first < 0xa0) {
    head.bits = first & 15;
    type = TROUPE_LIST;
  } else if (first < 0xc0) {
    head.bits = first & 31;
    type = TROUPE_TEXT;
  } else if (first >= 0xe0) {
    head.bits = (uint64_t)(int64_t)(int8_t)first;
    head.negative = true;
    type = TROUPE_INT;
  } else if (first == 0xc0) {
    type = TROUPE_NIL;
  } else if (first == 0xc2 || first == 0xc3) {
    head.bits = first & 1;
    type = TROUPE_BOOL;
  } else if (first >= 0xc4 && first <= 0xc6) {
    wide = 1u << (first - 0xc4);
    type = TROUPE_BYTES;
  } else if (first >= 0xc7 && first <= 0xc9) {
    wide = 1u << (first - 0xc7);
    type = TROUPE_ERROR;
  } else if (first == 0xca || first == 0xcb) {
    wide = first == 0xca ? 4 : 8;
    type = TROUPE_FLOAT;
  } else if (first >= 0xcc && first <= 0xcf) {
    wide = 1u << (first - 0xcc);
    type = TROUPE_INT;
  } else if (first >= 0xd0 && first <= 0xd3) {
    wide = 1u << (first - 0xd0);
    type = TROUPE_INT;
  } else if (first >= 0xd4 && first <= 0xd8) {
    head.bits = 1u << (first - 0xd4);
    type = TROUPE_ERROR;
  } else if (first >= 0xd9 && first <= 0xdb) {
    wide = 1u << (first - 0xd9);
    type = TROUPE_TEXT;
  } else if (first == 0xdc || first == 0xdd) {
    wide = first == 0xdc ? 2 : 4;
    type = TROUPE_LIST;
  } else if (first == 0xde || first == 0xdf) {
    wide = first == 0xde ? 2 : 4;
    type = TROUPE_MAP;
  }
  /* The extension's own type is a byte of the head; 1 is the one of errors. */
  head.size = 1 + wide + (type == TROUPE_ERROR ? 1 : 0);
  if (head.size > left) return head;
  for (uint32_t i = 1; i <= wide; i++) head.bits = head.bits << 8 | reader->at[i];
  if (type == TROUPE_ERROR && reader->at[head.size - 1] != 1) return head;
  if (type == TROUPE_INT && first >= 0xd0 && first <= 0xd3) {
    uint32_t unused = 64 - wide * 8;
    int64_t value = (int64_t)(head.bits << unused) >> unused;
    head.bits = (uint64_t)value;
    head.negative = value < 0;
  }
  if (first == 0xca) {
    uint32_t narrow = (uint32_t)head.bits;
    float value;
    __builtin_memcpy(&value, &narrow, sizeof value);
    double whole = value;
    __builtin_memcpy(&head.bits, &whole, sizeof whole);
  }
  uint64_t rest = left - head.size;
  if (type == TROUPE_TEXT || type == TROUPE_BYTES || type == TROUPE_ERROR) {
    if (head.bits > rest) return head;
    head.length = (uint32_t)head.bits;
  } else if (type == TROUPE_LIST || type == TROUPE_MAP) {
    /* Each value takes up at least one byte. */
    uint64_t values = type == TROUPE_MAP ? head.bits * 2 : head.bits;
    if (values > rest) return head;
    head.count = (uint32_t)values;
  }
  head.type = type;
  return head;
}

/* What kind of value comes next; TROUPE_NOTHING at the end. */
static inline troupe_type troupe_peek(const troupe_reader *reader) { return troupe_look_(reader).type; }

/* Pass over the next value, with all that is in it. */
TROUPE_OUTLINED void troupe_skip(troupe_reader *reader) {
  uint64_t values = 1;
  while (values > 0) {
    troupe_head_ head = troupe_look_(reader);
    if (head.type == TROUPE_NOTHING) {
      reader->at = reader->end;
      reader->failed = true;
      return;
    }
    reader->at += head.size + head.length;
    values += head.count;
    values--;
  }
}

/* The head of the next value if it is of this type, and the reader behind the head; false after passing over another. */
TROUPE_OUTLINED bool troupe_enter_(troupe_reader *reader, troupe_type type, troupe_head_ *head) {
  *head = troupe_look_(reader);
  if (head->type == type) {
    reader->at += head->size;
    return true;
  }
  troupe_skip(reader);
  reader->failed = true;
  return false;
}

static inline double troupe_double_(uint64_t bits) {
  double value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

/* nil: true if it was. */
static inline bool troupe_get_nil(troupe_reader *reader) {
  troupe_head_ head;
  return troupe_enter_(reader, TROUPE_NIL, &head);
}

static inline bool troupe_get_bool(troupe_reader *reader) {
  troupe_head_ head;
  return troupe_enter_(reader, TROUPE_BOOL, &head) && head.bits != 0;
}

/* An integer; fails above 2^63 - 1 (see troupe_get_uint). */
static inline int64_t troupe_get_int(troupe_reader *reader) {
  troupe_head_ head;
  if (!troupe_enter_(reader, TROUPE_INT, &head)) return 0;
  if (head.negative || head.bits <= INT64_MAX) return (int64_t)head.bits;
  reader->failed = true;
  return 0;
}

/* An integer that is not negative. */
static inline uint64_t troupe_get_uint(troupe_reader *reader) {
  troupe_head_ head;
  if (!troupe_enter_(reader, TROUPE_INT, &head)) return 0;
  if (!head.negative) return head.bits;
  reader->failed = true;
  return 0;
}

/* A float, or an integer: what comes from others has whole numbers as integers. */
static inline double troupe_get_float(troupe_reader *reader) {
  troupe_head_ head;
  if (troupe_peek(reader) == TROUPE_INT) {
    troupe_enter_(reader, TROUPE_INT, &head);
    return head.negative ? (double)(int64_t)head.bits : (double)head.bits;
  }
  return troupe_enter_(reader, TROUPE_FLOAT, &head) ? troupe_double_(head.bits) : 0;
}

/* Text, as a view of the payload. */
static inline troupe_text troupe_get_text(troupe_reader *reader) {
  troupe_head_ head;
  troupe_text text = {NULL, 0};
  if (!troupe_enter_(reader, TROUPE_TEXT, &head)) return text;
  text.at = (const char *)reader->at;
  text.length = head.length;
  reader->at += head.length;
  return text;
}

/* Bytes, as a view of the payload. */
static inline troupe_payload troupe_get_bytes(troupe_reader *reader) {
  troupe_head_ head;
  troupe_payload bytes = {NULL, 0};
  if (!troupe_enter_(reader, TROUPE_BYTES, &head)) return bytes;
  bytes.at = reader->at;
  bytes.length = head.length;
  reader->at += head.length;
  return bytes;
}

/* The head of a list: so many values come next. */
static inline uint32_t troupe_get_list(troupe_reader *reader) {
  troupe_head_ head;
  return troupe_enter_(reader, TROUPE_LIST, &head) ? head.count : 0;
}

/* The head of a map: so many pairs come next, a text and a value each. */
static inline uint32_t troupe_get_map(troupe_reader *reader) {
  troupe_head_ head;
  return troupe_enter_(reader, TROUPE_MAP, &head) ? head.count / 2 : 0;
}

/* The next value, whatever it is, as a view. */
static inline troupe_payload troupe_get_payload(troupe_reader *reader) {
  troupe_payload value = {reader->at, 0};
  troupe_skip(reader);
  value.length = (uint32_t)(reader->at - value.at);
  return value;
}

/* ---- Parts of a payload, and what it is, without a reader. What is missing or of another type is 0, false or empty. ---- */

static inline troupe_type troupe_type_of(troupe_payload payload) {
  troupe_reader reader = troupe_read(payload);
  return payload.length == 0 ? TROUPE_NIL : troupe_peek(&reader);
}

static inline bool troupe_to_bool(troupe_payload payload) {
  troupe_reader reader = troupe_read(payload);
  return troupe_get_bool(&reader);
}

static inline int64_t troupe_to_int(troupe_payload payload) {
  troupe_reader reader = troupe_read(payload);
  return troupe_get_int(&reader);
}

static inline uint64_t troupe_to_uint(troupe_payload payload) {
  troupe_reader reader = troupe_read(payload);
  return troupe_get_uint(&reader);
}

static inline double troupe_to_float(troupe_payload payload) {
  troupe_reader reader = troupe_read(payload);
  return troupe_get_float(&reader);
}

static inline troupe_text troupe_to_text(troupe_payload payload) {
  troupe_reader reader = troupe_read(payload);
  return troupe_get_text(&reader);
}

/* The bytes themselves, as a view. */
static inline troupe_payload troupe_to_bytes(troupe_payload payload) {
  troupe_reader reader = troupe_read(payload);
  return troupe_get_bytes(&reader);
}

/* How many items a list, or pairs a map has. */
static inline uint32_t troupe_count(troupe_payload payload) {
  troupe_reader reader = troupe_read(payload);
  return troupe_peek(&reader) == TROUPE_MAP ? troupe_get_map(&reader) : troupe_get_list(&reader);
}

/* The item of a list, counted from 0. */
static inline troupe_payload troupe_item(troupe_payload list, uint32_t index) {
  troupe_reader reader = troupe_read(list);
  if (index >= troupe_get_list(&reader)) return troupe_nothing();
  for (; index > 0; index--) troupe_skip(&reader);
  return troupe_get_payload(&reader);
}

/* The value under a key of a map. */
TROUPE_OUTLINED troupe_payload troupe_field_of(troupe_payload map, troupe_text key) {
  troupe_reader reader = troupe_read(map);
  for (uint32_t left = troupe_get_map(&reader); left > 0; left--) {
    bool found = troupe_same(troupe_get_text(&reader), key);
    troupe_payload value = troupe_get_payload(&reader);
    if (found) return value;
  }
  return troupe_nothing();
}

static inline troupe_payload troupe_field(troupe_payload map, const char *key) {
  return troupe_field_of(map, troupe_str(key));
}

/* ---- Errors. ---- */

/* An error of the system, the same in every language. The texts and details are views. */
typedef struct troupe_error {
  int32_t kind; /* TROUPE_NOT_FOUND to TROUPE_UNKNOWN; 0: no error */
  troupe_text message;
  int32_t retryable;      /* 1: trying again may help, 0: it cannot, -1: unknown */
  troupe_payload details; /* a map, or nothing */
  troupe_text stack;      /* where it happened, or empty */
} troupe_error;

/* The name of a kind: "NOT_FOUND". */
static inline const char *troupe_kind_name(int32_t kind) {
  switch (kind) {
    case TROUPE_NOT_FOUND: return "NOT_FOUND";
    case TROUPE_ALREADY_EXISTS: return "ALREADY_EXISTS";
    case TROUPE_INVALID: return "INVALID";
    case TROUPE_PERMISSION_DENIED: return "PERMISSION_DENIED";
    case TROUPE_UNAVAILABLE: return "UNAVAILABLE";
    case TROUPE_INTERNAL: return "INTERNAL";
    case TROUPE_CANCELED: return "CANCELED";
    case TROUPE_CONFLICT: return "CONFLICT";
    case TROUPE_TIMEOUT: return "TIMEOUT";
    case TROUPE_RATE_LIMITED: return "RATE_LIMITED";
    default: return "UNKNOWN";
  }
}

/* The error that a payload is; `kind` is 0 where it is none. */
TROUPE_OUTLINED troupe_error troupe_to_error(troupe_payload payload) {
  troupe_error error = {0, {NULL, 0}, -1, {NULL, 0}, {NULL, 0}};
  troupe_reader reader = troupe_read(payload);
  troupe_head_ head;
  if (!troupe_enter_(&reader, TROUPE_ERROR, &head)) return error;
  troupe_payload body = {reader.at, head.length};
  troupe_text kind = troupe_to_text(troupe_field(body, "kind"));
  error.kind = TROUPE_UNKNOWN;
  for (int32_t code = TROUPE_NOT_FOUND; code > TROUPE_UNKNOWN; code--) {
    if (troupe_is(kind, troupe_kind_name(code))) error.kind = code;
  }
  error.message = troupe_to_text(troupe_field(body, "message"));
  troupe_payload retryable = troupe_field(body, "retryable");
  if (troupe_type_of(retryable) == TROUPE_BOOL) error.retryable = troupe_to_bool(retryable) ? 1 : 0;
  error.details = troupe_field(body, "details");
  if (troupe_type_of(error.details) != TROUPE_MAP) error.details = troupe_nothing();
  error.stack = troupe_to_text(troupe_field(body, "stack"));
  return error;
}

/* Write an error as a value. */
TROUPE_OUTLINED void troupe_put_error(troupe_buffer *buffer, troupe_error error) {
  troupe_buffer body = {NULL, 0, 0, false};
  uint32_t fields = 2;
  if (error.retryable >= 0) fields++;
  if (error.details.length > 0) fields++;
  if (error.stack.length > 0) fields++;
  troupe_put_map(&body, fields);
  troupe_put_str(&body, "message");
  troupe_put_text(&body, error.message);
  troupe_put_str(&body, "kind");
  troupe_put_str(&body, troupe_kind_name(error.kind));
  if (error.retryable >= 0) {
    troupe_put_str(&body, "retryable");
    troupe_put_bool(&body, error.retryable != 0);
  }
  if (error.details.length > 0) {
    troupe_put_str(&body, "details");
    troupe_put_payload(&body, error.details);
  }
  if (error.stack.length > 0) {
    troupe_put_str(&body, "stack");
    troupe_put_text(&body, error.stack);
  }
  troupe_put_length_(buffer, 0xc7, body.length);
  uint8_t type = 1;
  troupe_append(buffer, &type, 1);
  troupe_append(buffer, body.at, body.length);
  troupe_free(&body);
}

#ifdef __cplusplus
}
#endif

#endif
