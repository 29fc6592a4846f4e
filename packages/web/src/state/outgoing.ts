import { keyOf, type Outgoing, type Place, type ReceivedMessage } from '@teahouse/client';
import { computed, shallowReactive } from 'vue';
import { chats, markedRead } from './chats';
import { onClient, onLeave, theClient } from './login';
import { attempt } from './notify';

/** What was written and does not stand in its conversation yet, by clientId; the client refuses more than 1,000. */
const outgoing = shallowReactive(new Map<string, Outgoing>());

/** Of each conversation, in the order written. */
export const outgoingByKey = computed(() => {
  const lists = new Map<string, Outgoing[]>();
  for (const message of outgoing.values()) {
    const key = keyOf(message.place);
    const list = lists.get(key);
    if (list) list.push(message);
    else lists.set(key, [message]);
  }
  return lists;
});

/** Shows a message at once and sends it; its fate shows in its state. @returns whether it was taken */
export async function say(place: Place, content: string): Promise<boolean> {
  return await attempt(async () => theClient().post(place, content));
}

/** Sends a failed one again, under the same clientId: should it have been stored after all, it is not stored twice. */
export function sayAgain({ clientId }: Outgoing): void {
  void attempt(async () => theClient().retry(clientId));
}

export function discard({ clientId }: Outgoing): void {
  theClient().discard(clientId);
}

/** A message was delivered: it, and what was stored before it, is no longer on its way. */
export function settled(key: string, { clientId, seq }: ReceivedMessage): void {
  if (clientId !== undefined) outgoing.delete(clientId);
  for (const { stored, clientId: other } of outgoingByKey.value.get(key) ?? [])
    if (stored && stored.seq <= seq) outgoing.delete(other);
}

onClient((client) => {
  client.on('outgoing', (message) => {
    const { clientId, place, state, stored } = message;
    const key = keyOf(place);
    if (stored) markedRead(key, stored.seq);
    // A stored one stays in sight until it is delivered, which may be before or after its ack.
    const isDelivered = stored !== undefined && (chats.get(key)?.last?.seq ?? 0) >= stored.seq;
    if (state === 'discarded' || isDelivered) outgoing.delete(clientId);
    else outgoing.set(clientId, message);
  });
});

onLeave(() => outgoing.clear());
