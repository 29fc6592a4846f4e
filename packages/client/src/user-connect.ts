import { ChatClient } from './client.js';
import type { ReceivedGroupMessage, ReceivedMessage, ReceivedPrivateMessage, Stored } from './frames.js';

export interface UserInfo {
  readonly username: string;
  readonly password: string;
  /** The server; unless told, where the page came from, or `ws://127.0.0.1:8001/`. */
  readonly url?: string;
  /** Group of sends that name none; the official one unless told. */
  readonly groupId?: number;
}

/** Hears what the others say: a function for everything, or one for each kind. */
export type Receiver =
  | ((message: ReceivedMessage) => void)
  | {
      readonly onGroupMessage?: (message: ReceivedGroupMessage) => void;
      readonly onPrivateMessage?: (message: ReceivedPrivateMessage) => void;
    };

export interface UserConnect {
  sendToGroup(content: string, groupId?: number): Promise<Stored>;
  sendToUser(userId: number, content: string): Promise<Stored>;
  close(): void;
  /** Everything else that a client can do. */
  readonly client: ChatClient;
}

/**
 * Logs a user in and stays connected.
 * @returns once the user is logged in; rejects with ChatError where the login is refused or nobody answers within 30 s
 */
export async function createUserConnect(userInfo: UserInfo, receiver: Receiver): Promise<UserConnect> {
  const client = new ChatClient({ ...userInfo, url: userInfo.url ?? defaultUrl() });
  const { onGroupMessage, onPrivateMessage } =
    typeof receiver === 'function' ? { onGroupMessage: receiver, onPrivateMessage: receiver } : receiver;
  client.on('groupMessage', (message) => {
    if (!message.sentHere) onGroupMessage?.(message);
  });
  client.on('privateMessage', (message) => {
    if (!message.sentHere) onPrivateMessage?.(message);
  });
  await client.connect();
  return {
    sendToGroup: (content, groupId) => client.sendToGroup(content, groupId),
    sendToUser: (userId, content) => client.sendToUser(userId, content),
    close: () => client.close(),
    client,
  };
}

function defaultUrl(): string {
  const { location } = globalThis as { location?: { readonly origin: string } };
  return location?.origin ?? 'ws://127.0.0.1:8001/';
}
