/* What wasi-libc lacks and figlet asks for, when a font is compressed: there are no temporary files. */
#include <errno.h>
#include <stdio.h>

FILE *tmpfile(void) {
  errno = ENOSYS;
  return NULL;
}
