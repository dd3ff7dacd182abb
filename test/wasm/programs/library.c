/*
 * What programs do with a C library: allocation, sorting and searching by callbacks that wait, text with variable arguments,
 * numbers from text. Each export is one kernel; it waits in the middle of what it does.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((import_module("env"), import_name("wait"))) int32_t wait_i(int32_t n);
__attribute__((import_module("env"), import_name("wait_d"))) double wait_d(double n);
__attribute__((import_module("env"), import_name("note"))) int32_t note(int32_t n);

#define EXPORT(name) __attribute__((export_name(name)))

typedef struct entry {
  struct entry *next;
  int64_t count;
  char key[];
} entry;

typedef struct table {
  entry **slots;
  uint32_t size;
  uint32_t used;
} table;

static uint32_t hash(const char *key) {
  uint32_t h = 2166136261u;
  for (; *key != 0; key++) h = (h ^ (uint8_t)*key) * 16777619u;
  return h;
}

/* Twice as many slots; every entry moves, and the memory that is left is waited over. */
static void grow(table *t) {
  uint32_t size = t->size == 0 ? 4 : t->size * 2;
  entry **slots = calloc(size, sizeof *slots);
  for (uint32_t i = 0; i < t->size; i++) {
    for (entry *e = t->slots[i], *next; e != NULL; e = next) {
      next = e->next;
      entry **slot = &slots[hash(e->key) % size];
      e->next = *slot;
      *slot = e;
    }
  }
  free(t->slots);
  t->slots = slots;
  t->size = size;
  wait_i((int32_t)size);
}

static int64_t *count_of(table *t, const char *key) {
  if (t->size > 0) {
    for (entry *e = t->slots[hash(key) % t->size]; e != NULL; e = e->next) {
      if (strcmp(e->key, key) == 0) return &e->count;
    }
  }
  if (t->used >= t->size * 3 / 4) grow(t);
  entry *fresh = malloc(sizeof *fresh + strlen(key) + 1);
  strcpy(fresh->key, key);
  fresh->count = 0;
  entry **slot = &t->slots[hash(key) % t->size];
  fresh->next = *slot;
  *slot = fresh;
  t->used++;
  return &fresh->count;
}

static int64_t clear(table *t) {
  int64_t sum = 0;
  for (uint32_t i = 0; i < t->size; i++) {
    for (entry *e = t->slots[i], *next; e != NULL; e = next) {
      next = e->next;
      sum = sum * 31 + e->count * (int64_t)strlen(e->key) + e->key[0];
      free(e);
    }
  }
  free(t->slots);
  return sum;
}

/* A hash table that grows while it counts words. */
EXPORT("words") int64_t words(int32_t rounds) {
  table t = {0};
  char key[24];
  for (int32_t i = 0; i < rounds; i++) {
    snprintf(key, sizeof key, "w%d-%x", i * i % 37, i % 5);
    *count_of(&t, key) += i % 11 == 0 ? wait_i(i) : i;
  }
  return clear(&t) + t.used;
}

static int compare_waiting(const void *a, const void *b) {
  int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
  if ((left ^ right) % 3 == 0) wait_i(left);
  return (left > right) - (left < right);
}

static int compare_descending(const void *a, const void *b) { return -compare_waiting(a, b); }

/* The library's own sort calls back, by one of two pointers, and waits there. */
EXPORT("sorted") int32_t sorted(int32_t count) {
  int32_t *values = malloc((size_t)count * sizeof *values);
  for (int32_t i = 0; i < count; i++) values[i] = i * 7919 % 101;
  qsort(values, (size_t)count, sizeof *values, note(count) % 2 == 0 ? compare_waiting : compare_descending);
  int32_t sum = 0;
  for (int32_t i = 0; i < count; i++) sum = sum * 17 + values[i];
  qsort(values, (size_t)count, sizeof *values, compare_waiting);
  const int32_t wanted = 7919 * (count / 2) % 101;
  const int32_t *found = bsearch(&wanted, values, (size_t)count, sizeof *values, compare_waiting);
  sum += found == NULL ? -1 : (int32_t)(found - values);
  free(values);
  return sum;
}

/* Adds arguments of the types that `types` names, and waits between them. */
static double add_all(const char *types, ...) {
  va_list list;
  va_start(list, types);
  double sum = 0;
  for (; *types != 0; types++) {
    switch (*types) {
      case 'i': sum += va_arg(list, int); break;
      case 'l': sum += (double)va_arg(list, long long); break;
      case 'd': sum += va_arg(list, double); break;
      case 's': sum += (double)strlen(va_arg(list, const char *)); break;
      default: sum = wait_d(sum);
    }
  }
  va_end(list);
  return sum;
}

static size_t append(char **text, size_t length, const char *format, ...) {
  va_list list, again;
  va_start(list, format);
  va_copy(again, list);
  const int more = vsnprintf(NULL, 0, format, list);
  *text = realloc(*text, length + (size_t)more + 1);
  vsnprintf(*text + length, (size_t)more + 1, format, again);
  va_end(again);
  va_end(list);
  return length + (size_t)more;
}

/* Text from formats, numbers from the text again. */
EXPORT("text") double text(int32_t rounds, double start) {
  char *all = NULL;
  size_t length = 0;
  double value = start;
  for (int32_t i = 0; i < rounds; i++) {
    value = value * 1.0625 + add_all("i?ld?s", i, (long long)i << 33, wait_d(value) / 3, "words");
    length = append(&all, length, "%c%05d %-8s|%+.3e %lld ", 'a' + i % 26, wait_i(i), "ß€", value, (long long)value);
    if (i % 4 == 3) length = append(&all, length, "%g;%#x ", value / 7, (unsigned)length);
  }
  double sum = 0;
  for (char *at = all; at != NULL && (at = strchr(at, '|')) != NULL;) {
    sum = sum / 2 + strtod(at + 1, &at);
    sum += (double)(strtoll(at, &at, 10) % 1000003);
  }
  free(all);
  return sum + (double)length;
}

/* Blocks of many sizes, given back in another order, until the memory has grown. */
EXPORT("blocks") int64_t blocks(int32_t rounds) {
  enum { KEPT = 16 };
  uint8_t *kept[KEPT] = {0};
  size_t sizes[KEPT] = {0};
  int64_t sum = 0;
  for (int32_t i = 0; i < rounds; i++) {
    const int32_t slot = (i * 5 + wait_i(i)) % KEPT;
    if (kept[slot] != NULL) sum = sum * 3 + kept[slot][sizes[slot] - 1];
    sizes[slot] = (size_t)(i * 4099 % 30011 + 1);
    kept[slot] = realloc(kept[slot], sizes[slot]);
    memset(kept[slot], i, sizes[slot]);
    if (i % 3 == 0) {
      free(kept[(slot + 7) % KEPT]);
      kept[(slot + 7) % KEPT] = NULL;
    }
  }
  for (int32_t i = 0; i < KEPT; i++) {
    if (kept[i] != NULL) sum = sum * 31 + kept[i][sizes[i] / 2];
    free(kept[i]);
  }
  return sum;
}
