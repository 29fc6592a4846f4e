import type { Frame } from '@teahouse/test';

/** A conversation by a name that is the same for everybody in it: `g7`, or `p3-9` with the lower user id first. */
export type Place = string;

/** A message as the outside sees it, live or in a page of history. */
export interface Message {
  readonly place: Place;
  readonly seq: number;
  readonly id: string;
  readonly from: number;
  readonly content: string;
  readonly kind: string;
  readonly clientId?: string;
  readonly notice?: { readonly event: string; readonly userId?: number; readonly seq?: number };
}

export const officialGroup = 'g1';

export const groupPlace = (groupId: number): Place => `g${groupId}`;
export const pairPlace = (one: number, other: number): Place => `p${Math.min(one, other)}-${Math.max(one, other)}`;

/** What a client asks to name the place: its group, or the other person as `user` sees it. */
export function targetOf(place: Place, user: number): { groupId: number } | { with: number } {
  const pair = membersOfPair(place);
  if (!pair) return { groupId: Number(place.slice(1)) };
  return { with: pair[0] === user ? pair[1] : pair[0] };
}

export function membersOfPair(place: Place): readonly [number, number] | undefined {
  if (!place.startsWith('p')) return undefined;
  const [low = 0, high = 0] = place.slice(1).split('-').map(Number);
  return [low, high];
}

/** Takes a frame, or an entry of a page, for what it says it is. */
export function messageOf(frame: Frame | Record<string, unknown>): Message {
  const from = Number(frame.from);
  const place = frame.groupId === undefined ? pairPlace(from, Number(frame.to)) : groupPlace(Number(frame.groupId));
  return {
    place,
    seq: Number(frame.seq),
    id: String(frame.id),
    from,
    content: String(frame.content),
    kind: String(frame.kind),
    ...(frame.clientId === undefined ? {} : { clientId: String(frame.clientId) }),
    ...(frame.notice === undefined ? {} : { notice: frame.notice as NonNullable<Message['notice']> }),
  };
}
