#!/bin/sh
# Makes figlet.wasm from figlet's own sources: build.sh FOLDER, where FOLDER has the sources of figlet 2.2.5 as they are,
# e.g. from `apt-get source figlet` or figlet_2.2.5.orig.tar.gz
# (sha256 bf88c40fd0f077dab2712f54f8d39ac952e4e9f2e1882f1195be9e5e4257417d).
# Needs clang, lld and wasi-libc; the binary here is by those of Debian 12 (clang and lld 14.0.6, libclang-rt-14-dev-wasm32,
# wasi-libc 0.0~git20220510.9886d3d-2).
set -e
here=$(cd "$(dirname "$0")" && pwd)
cd "$1"
# figlet's Makefile: CFLAGS and XCFLAGS. The macros without a value are those of glibc's <sys/cdefs.h>.
clang --target=wasm32-wasi -Os -w \
  -DTLF_FONTS -DDEFAULTFONTDIR='"/fonts"' -DDEFAULTFONTFILE='"standard"' -D__BEGIN_DECLS= -D__END_DECLS= \
  figlet.c zipio.c crc.c inflate.c utf8.c "$here/no_tmpfile.c" \
  -Wl,--strip-debug -o "$here/figlet.wasm"
