import { keyOf, type Place, placeOf, type ReceivedMessage } from '@teahouse/client';
import { words } from '../words';
import { chats, forget, heard, recalledInList, titleOf } from './chats';
import { applyNotice } from './groups';
import { login, onClient } from './login';
import { memberNotice } from './members';
import { speak, tell } from './notify';
import { settled } from './outgoing';
import { learn, nameOf, wonder } from './people';
import { peerRead } from './reading';
import { go, route } from './route';
import { arrived, recalled } from './timeline';
import { stoppedTyping } from './typing';

/** What one message, delivered once and in order, changes everywhere. */
function received(message: ReceivedMessage): void {
  const me = login.user?.id ?? 0;
  const place = placeOf(message, me);
  const key = keyOf(place);
  const isOwn = message.from === me;
  wonder(message.from, place);
  if (message.notice?.userId !== undefined) wonder(message.notice.userId, place);
  const chat = heard(place, message, isOwn && message.kind === 'normal');
  arrived(key, message);
  settled(key, message);
  if (!isOwn) stoppedTyping(key, message.from);
  if (!isOwn && 'with' in place) peerRead(key, message.seq);
  const { notice } = message;
  if (notice?.event === 'recalled' && notice.seq !== undefined) {
    recalled(key, notice.seq);
    recalledInList(key, notice.seq);
  }
  applyNotice(chat, message.from, notice);
  if (notice && 'groupId' in place) memberNotice(place.groupId, notice);
  if (notice && endsMembership(message, me)) putOut(place);
  else if (!isOwn) sayAloud(message, place);
}

function endsMembership({ notice }: ReceivedMessage, me: number): boolean {
  if (notice?.event === 'left') return (notice.userId ?? notice.by) === me;
  return (notice?.event === 'removed' || notice?.event === 'banned') && notice.userId === me;
}

function putOut(place: Place): void {
  const key = keyOf(place);
  const chat = chats.get(key);
  if (chat) tell(words.value.told.removed(titleOf(chat)));
  forget(key);
  if (route.place && keyOf(route.place) === key) go(undefined);
}

function sayAloud(message: ReceivedMessage, place: Place): void {
  const key = keyOf(place);
  const isHere = route.place !== undefined && keyOf(route.place) === key;
  const chat = chats.get(key);
  if (isHere && message.kind === 'normal') speak(words.value.talk.heard(nameOf(message.from), message.content));
  else if (!isHere && chat) speak(words.value.talk.heardIn(titleOf(chat)));
}

onClient((client) => {
  client.on('groupMessage', received);
  client.on('privateMessage', received);
  client.on('joinRequest', ({ groupId, user }) => {
    learn(user);
    const chat = chats.get(keyOf({ groupId }));
    if (chat) tell(words.value.told.joinRequest(user.nickname, titleOf(chat)));
  });
  client.on('joinAnswer', ({ accepted }) => tell(accepted ? words.value.told.accepted : words.value.told.refused));
  client.on('error', (error) => console.error(error));
});
