/** Servers on this machine for the tests of `http_client`: they remember what they were asked. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { readFileSync } from 'node:fs';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createServer as createRawServer, type Server, type Socket } from 'node:net';

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const open: (() => void)[] = [];

/** To be called when a test is over. */
export function closeServers(): void {
  for (const close of open.splice(0)) close();
}

/** A server of 127.0.0.1 that answers when the request's body is there. */
export async function serve(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<{ readonly origin: string; readonly port: number; readonly seen: Seen[] }> {
  const seen: Seen[] = [];
  const listener: RequestListener = (request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const body = Buffer.concat(pieces).toString();
      seen.push({ method: request.method!, url: request.url!, headers: request.headers, body });
      answer(request, response, body);
    });
  };
  const server = createServer(listener);
  const port = await listen(server);
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { origin: `http://127.0.0.1:${port}`, port, seen };
}

/** A server that writes bytes instead of answers. */
export async function serveRaw(onConnection: (socket: Socket) => void): Promise<{ origin: string; port: number }> {
  const sockets = new Set<Socket>();
  const server = createRawServer(socket => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  const port = await listen(server);
  open.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { origin: `http://127.0.0.1:${port}`, port };
}

/** A server over TLS that has signed its certificate itself. */
export async function serveSecurely(onRequest: () => void): Promise<{ readonly port: number }> {
  const file = (name: string): Buffer => readFileSync(new URL(`../../../test/fixtures/tls/${name}`, import.meta.url));
  const server = createSecureServer({ key: file('key.pem'), cert: file('certificate.pem') }, (_request, response) => {
    onRequest();
    response.end();
  });
  // Clients hang up in the middle of it.
  server.on('tlsClientError', () => undefined);
  const port = await listen(server);
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
