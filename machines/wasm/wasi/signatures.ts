/** Every function of `wasi_snapshot_preview1`: its type, and whether it can wait. */
import type { CallSignature, ValueType } from '../abi/signature.ts';

export const WASI_MODULE = 'wasi_snapshot_preview1';

const TYPES: { readonly [letter: string]: ValueType } = { i: 'i32', I: 'i64' };

/** A letter a parameter, `i` for i32 and `I` for i64; the result is an error number. */
function quick(params: string, blocks = false): CallSignature {
  return { params: [...params].map(letter => TYPES[letter]), results: ['i32'], blocks };
}

function waiting(params: string): CallSignature {
  return quick(params, true);
}

export const WASI_CALLS: { readonly [name: string]: CallSignature } = {
  args_get: quick('ii'),
  args_sizes_get: quick('ii'),
  environ_get: quick('ii'),
  environ_sizes_get: quick('ii'),
  clock_res_get: quick('ii'),
  clock_time_get: quick('iIi'),
  random_get: quick('ii'),
  proc_exit: { params: ['i32'], results: [], blocks: false },
  proc_raise: quick('i'),
  sched_yield: waiting(''),
  poll_oneoff: waiting('iiii'),

  fd_advise: quick('iIIi'),
  fd_allocate: waiting('iII'),
  fd_close: waiting('i'),
  fd_datasync: waiting('i'),
  fd_fdstat_get: quick('ii'),
  fd_fdstat_set_flags: quick('ii'),
  fd_fdstat_set_rights: quick('iII'),
  fd_filestat_get: waiting('ii'),
  fd_filestat_set_size: waiting('iI'),
  fd_filestat_set_times: waiting('iIIi'),
  fd_pread: waiting('iiiIi'),
  fd_prestat_get: quick('ii'),
  fd_prestat_dir_name: quick('iii'),
  fd_pwrite: waiting('iiiIi'),
  fd_read: waiting('iiii'),
  fd_readdir: waiting('iiiIi'),
  fd_renumber: waiting('ii'),
  fd_seek: waiting('iIii'),
  fd_sync: waiting('i'),
  fd_tell: quick('ii'),
  fd_write: waiting('iiii'),

  path_create_directory: waiting('iii'),
  path_filestat_get: waiting('iiiii'),
  path_filestat_set_times: waiting('iiiiIIi'),
  path_link: quick('iiiiiii'),
  path_open: waiting('iiiiiIIii'),
  path_readlink: waiting('iiiiii'),
  path_remove_directory: waiting('iii'),
  path_rename: waiting('iiiiii'),
  path_symlink: quick('iiiii'),
  path_unlink_file: waiting('iii'),

  sock_accept: quick('iii'),
  sock_recv: quick('iiiiii'),
  sock_send: quick('iiiii'),
  sock_shutdown: quick('ii'),
};
