import { type ClientOptions, WebSocket } from 'ws';
import type { OpenSocket, SocketLike } from './transport.js';

// `closeTimeout` is newer than the types: without it a server that does not answer a close holds the process for 30 s.
// Compression is not offered: frames are small, and it costs memory per connection.
const options: ClientOptions & { closeTimeout: number } = {
  perMessageDeflate: false,
  handshakeTimeout: 10_000,
  closeTimeout: 1_000,
};

/** Node 20 has no WebSocket of its own. */
export const openSocket: OpenSocket = (url) => new WebSocket(url, options) as unknown as SocketLike;
