import type { RawData, WebSocket } from 'ws';
import type { Connection } from './connection.js';

const owner = Symbol('connection');

/** A WebSocket that knows its connection, so that all sockets share their listeners and none has closures of its own. */
type OwnedSocket = WebSocket & { [owner]?: Connection };

function onMessage(this: OwnedSocket, data: RawData, isBinary: boolean): void {
  this[owner]?.receive(data as Buffer, isBinary);
}

function onPing(this: OwnedSocket): void {
  this[owner]?.heard();
}

function onClose(this: OwnedSocket): void {
  this[owner]?.socketClosed();
}

/** What broke the socket shows as its close; ws itself has sent 1009 or 1007 by then. */
function onError(): void {}

/** Joins socket and connection. To be called in the turn in which the socket opened, or early frames are lost. */
export function attach(socket: WebSocket, connection: Connection): void {
  (socket as OwnedSocket)[owner] = connection;
  // The upgrade left a listener that holds the whole request.
  socket.removeAllListeners('error');
  socket.on('error', onError);
  socket.on('message', onMessage);
  socket.on('ping', onPing);
  socket.on('close', onClose);
}
