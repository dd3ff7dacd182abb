/*
 * Memory of the SDK: buffers that grow. With wasi-libc they are malloc's; without a C library they come from the end of the
 * module's memory, which grows, and what a buffer leaves behind when it moves is not used again (all together at most as
 * much as the buffer has then). A program with an allocator of its own defines troupe_reallocate.
 */
#ifndef TROUPE_MEMORY_H
#define TROUPE_MEMORY_H

#include "troupe_abi.h"

#ifdef __wasi__
#include <stdlib.h>
#include <string.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Defined in each file that includes the header; the linker keeps one. */
#define TROUPE_WEAK __attribute__((weak))

/* A function that is big or called from many places: not repeated at each. */
#define TROUPE_OUTLINED static __attribute__((noinline, unused))

/* Bytes that grow as they are written. Begin with `troupe_buffer b = {0};` or troupe_buffer_in. */
typedef struct troupe_buffer {
  uint8_t *at;
  uint32_t length;
  uint32_t capacity;
  bool allocated; /* `at` is from troupe_reallocate, not the caller's */
} troupe_buffer;

/* A buffer that begins in the caller's own `capacity` bytes at `room`, and moves to allocated memory when they are full. */
static inline troupe_buffer troupe_buffer_in(void *room, uint32_t capacity) {
  troupe_buffer buffer = {(uint8_t *)room, 0, capacity, false};
  return buffer;
}

#ifndef __wasi__

/* What compilers take for granted even without a C library. A library's own definitions win. */
TROUPE_WEAK __attribute__((no_builtin("memcpy"))) void *memcpy(void *to, const void *from, size_t length) {
  uint8_t *target = (uint8_t *)to;
  const uint8_t *source = (const uint8_t *)from;
  for (size_t i = 0; i < length; i++) target[i] = source[i];
  return to;
}

TROUPE_WEAK __attribute__((no_builtin("memmove", "memcpy"))) void *memmove(void *to, const void *from, size_t length) {
  uint8_t *target = (uint8_t *)to;
  const uint8_t *source = (const uint8_t *)from;
  if (target <= source) {
    for (size_t i = 0; i < length; i++) target[i] = source[i];
  } else {
    while (length-- > 0) target[length] = source[length];
  }
  return to;
}

TROUPE_WEAK __attribute__((no_builtin("memset"))) void *memset(void *to, int byte, size_t length) {
  uint8_t *target = (uint8_t *)to;
  for (size_t i = 0; i < length; i++) target[i] = (uint8_t)byte;
  return to;
}

TROUPE_WEAK __attribute__((no_builtin("memcmp"))) int memcmp(const void *a, const void *b, size_t length) {
  const uint8_t *left = (const uint8_t *)a;
  const uint8_t *right = (const uint8_t *)b;
  for (size_t i = 0; i < length; i++) {
    if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
  }
  return 0;
}

TROUPE_WEAK __attribute__((no_builtin("strlen"))) size_t strlen(const char *text) {
  size_t length = 0;
  while (text[length] != 0) length++;
  return length;
}

/* Set by the linker: where static data and stack end. */
extern uint8_t __heap_base;

/* Free memory from `next` to `end`; both 0 before the first allocation. */
TROUPE_WEAK uint64_t troupe_heap_next_ = 0;
TROUPE_WEAK uint64_t troupe_heap_end_ = 0;

static inline uint64_t troupe_aligned_(uint64_t size) { return (size + 15u) & ~(uint64_t)15u; }

/*
 * `size` bytes that begin with the `old_size` bytes at `old` (NULL: none), which is free then. NULL where there are none,
 * and for size 0, which only frees.
 */
TROUPE_WEAK void *troupe_reallocate(void *old, uint32_t old_size, uint32_t size) {
  const uint64_t page = 65536;
  if (troupe_heap_end_ == 0) {
    troupe_heap_next_ = troupe_aligned_((uint64_t)(uintptr_t)&__heap_base);
    troupe_heap_end_ = __builtin_wasm_memory_size(0) * page;
  }
  uint64_t start = troupe_heap_next_;
  /* What was allocated last grows and shrinks where it is. */
  if (old != NULL && (uint64_t)(uintptr_t)old + troupe_aligned_(old_size) == start) start = (uint64_t)(uintptr_t)old;
  if (size == 0) {
    troupe_heap_next_ = start;
    return NULL;
  }
  uint64_t needed = troupe_aligned_(size);
  if (start + needed > troupe_heap_end_) {
    uint64_t limit = __builtin_wasm_memory_size(0) * page;
    /* Somebody else has grown the memory: what they got is not ours. */
    if (limit != troupe_heap_end_) start = troupe_heap_end_ = limit;
    uint64_t pages = (start + needed - troupe_heap_end_ + page - 1) / page;
    if (__builtin_wasm_memory_grow(0, (size_t)pages) == SIZE_MAX) return NULL;
    troupe_heap_end_ += pages * page;
  }
  uint8_t *fresh = (uint8_t *)(uintptr_t)start;
  if (old != NULL && (uint8_t *)old != fresh) __builtin_memcpy(fresh, old, old_size < size ? old_size : size);
  troupe_heap_next_ = start + needed;
  return fresh;
}

#else

TROUPE_WEAK void *troupe_reallocate(void *old, uint32_t old_size, uint32_t size) {
  (void)old_size;
  if (size > 0) return realloc(old, size);
  free(old);
  return NULL;
}

#endif

__attribute__((noreturn)) static inline void troupe_out_of_memory_(void) {
  static const char message[] = "out of memory: the module's memory cannot grow any further";
  troupe_abi_fail(TROUPE_INTERNAL, message, sizeof message - 1, 0, NULL, 0);
}

TROUPE_OUTLINED void troupe_grow_(troupe_buffer *buffer, uint32_t more) {
  uint64_t needed = (uint64_t)buffer->length + more;
  uint64_t capacity = (uint64_t)buffer->capacity * 2;
  if (capacity < 64) capacity = 64;
  if (capacity < needed) capacity = needed;
  if (capacity > INT32_MAX) troupe_out_of_memory_();
  uint8_t *old = buffer->allocated ? buffer->at : NULL;
  uint8_t *fresh = (uint8_t *)troupe_reallocate(old, old == NULL ? 0 : buffer->capacity, (uint32_t)capacity);
  if (fresh == NULL) troupe_out_of_memory_();
  if (old == NULL && buffer->length > 0) __builtin_memcpy(fresh, buffer->at, buffer->length);
  buffer->at = fresh;
  buffer->capacity = (uint32_t)capacity;
  buffer->allocated = true;
}

/* Where `more` bytes can be written behind the buffer's content. Ends the process where there is no memory. */
static inline uint8_t *troupe_reserve(troupe_buffer *buffer, uint32_t more) {
  if (more > buffer->capacity - buffer->length) troupe_grow_(buffer, more);
  return buffer->at + buffer->length;
}

/* Empty the buffer; its room stays. */
static inline void troupe_clear(troupe_buffer *buffer) { buffer->length = 0; }

/* Give the room back; the buffer is empty then, and can be used again. */
static inline void troupe_free(troupe_buffer *buffer) {
  if (buffer->allocated) troupe_reallocate(buffer->at, buffer->capacity, 0);
  troupe_buffer empty = {NULL, 0, 0, false};
  *buffer = empty;
}

#ifdef __cplusplus
}
#endif

#endif
