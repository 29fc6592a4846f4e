import type { OpenSocket, SocketLike } from './transport.js';

/** The browser's own WebSocket. */
export const openSocket: OpenSocket = (url) => {
  const { WebSocket } = globalThis as unknown as { WebSocket: new (url: string) => SocketLike };
  return new WebSocket(url);
};
