/** The part of a WebSocket that the client uses; the browser's and that of `ws` both fit. */
export interface SocketLike {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  onerror: (() => void) | null;
}

/** Begins to open a socket. May throw where the address is no use. */
export type OpenSocket = (url: string) => SocketLike;
