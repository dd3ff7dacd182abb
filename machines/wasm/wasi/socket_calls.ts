/** `sock_...`: no descriptor is a socket. */
import { Errno, refuse } from './errno.ts';
import type { WasiBody } from './wasi_process.ts';

const notASocket: WasiBody = (wasi, fd) => {
  wasi.descriptors.get(fd);
  refuse(Errno.NOTSOCK);
};

export const socketCalls: { readonly [name: string]: WasiBody } = {
  sock_accept: notASocket,
  sock_recv: notASocket,
  sock_send: notASocket,
  sock_shutdown: notASocket,
};
