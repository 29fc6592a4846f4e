import { type Fields, type Place, type ReceivedMessage, type Reply, type RequestType, receivedFrom } from './frames.js';
import type { WaitOptions } from './signals.js';

type Asked<T extends RequestType> = Promise<Reply<T>>;
/** The fields of a request about a conversation: exactly one of `groupId` and `with` names it. */
type About<T extends RequestType> = Place & Omit<Fields<T>, 'groupId' | 'with'>;
/** A page of messages, ascending by `seq` in `history`, newest first in `search`. */
export interface Page {
  readonly messages: ReceivedMessage[];
  readonly more: boolean;
}

/**
 * Every request of the protocol as a method. Each rejects with ChatError: what the server refused it for, DISCONNECTED
 * where there is no connection, TIMEOUT where no answer came; and with the signal's reason where one was given and aborted.
 */
export abstract class Operations {
  /** Any request by its name; the methods below are the same with their types spelled out. */
  abstract request<T extends RequestType>(type: T, fields: Fields<T>, options?: WaitOptions | number): Asked<T>;

  /** A page of a conversation: the newest unless a cursor is given; both cursors exclude what they name. */
  async history(fields: About<'history'>, options?: WaitOptions): Promise<Page> {
    const { messages, more } = await this.request('history', fields, options);
    return { messages: messages.map(receivedFrom), more };
  }

  /** Messages that hold a text, newest first. With `more`, go on from `beforeSeq` of the answer. */
  async search(fields: About<'search'>, options?: WaitOptions): Promise<Page & { readonly beforeSeq?: number }> {
    const { messages, more, beforeSeq } = await this.request('search', fields, options);
    return { messages: messages.map(receivedFrom), more, ...(beforeSeq === undefined ? {} : { beforeSeq }) };
  }

  /** Everything up to `seq` has been read. Only forward. */
  markRead(fields: About<'markRead'>, options?: WaitOptions): Asked<'markRead'> {
    return this.request('markRead', fields, options);
  }

  /** Takes a message back: an own one within two minutes, any one as admin or owner of the group. */
  recallMessage(fields: About<'recallMessage'>, options?: WaitOptions): Asked<'recallMessage'> {
    return this.request('recallMessage', fields, options);
  }

  /** Makes a group that the caller owns. */
  createGroup(fields: Fields<'createGroup'>, options?: WaitOptions): Asked<'createGroup'> {
    return this.request('createGroup', fields, options);
  }

  /** Groups by `groupNumber` or by a `text` in the name, 20 at most. */
  findGroup(fields: Fields<'findGroup'>, options?: WaitOptions): Asked<'findGroup'> {
    return this.request('findGroup', fields, options);
  }

  /** Becomes a member, or asks for it: `status` says which. */
  joinGroup(fields: Fields<'joinGroup'>, options?: WaitOptions): Asked<'joinGroup'> {
    return this.request('joinGroup', fields, options);
  }

  /** Who asks to join. Owner and admins. */
  listJoinRequests(fields: Fields<'listJoinRequests'>, options?: WaitOptions): Asked<'listJoinRequests'> {
    return this.request('listJoinRequests', fields, options);
  }

  /** Accepts or refuses one who asks to join. Owner and admins. */
  answerJoinRequest(fields: Fields<'answerJoinRequest'>, options?: WaitOptions): Asked<'answerJoinRequest'> {
    return this.request('answerJoinRequest', fields, options);
  }

  /** Makes somebody a member at once. */
  inviteMember(fields: Fields<'inviteMember'>, options?: WaitOptions): Asked<'inviteMember'> {
    return this.request('inviteMember', fields, options);
  }

  /** Leaves. The owner transfers or dissolves first. */
  leaveGroup(fields: Fields<'leaveGroup'>, options?: WaitOptions): Asked<'leaveGroup'> {
    return this.request('leaveGroup', fields, options);
  }

  /** Puts a member out; they may come back. */
  removeMember(fields: Fields<'removeMember'>, options?: WaitOptions): Asked<'removeMember'> {
    return this.request('removeMember', fields, options);
  }

  /** Puts somebody out until `unbanMember`. */
  banMember(fields: Fields<'banMember'>, options?: WaitOptions): Asked<'banMember'> {
    return this.request('banMember', fields, options);
  }

  /** Lets a banned one join again. */
  unbanMember(fields: Fields<'unbanMember'>, options?: WaitOptions): Asked<'unbanMember'> {
    return this.request('unbanMember', fields, options);
  }

  /** Silences a member for so many seconds; 0 ends it. */
  muteMember(fields: Fields<'muteMember'>, options?: WaitOptions): Asked<'muteMember'> {
    return this.request('muteMember', fields, options);
  }

  /** Makes a member an admin, or an admin a member. Owner only. */
  setRights(fields: Fields<'setRights'>, options?: WaitOptions): Asked<'setRights'> {
    return this.request('setRights', fields, options);
  }

  /** Hands the group over; the old owner becomes admin. Owner only. */
  transferOwner(fields: Fields<'transferOwner'>, options?: WaitOptions): Asked<'transferOwner'> {
    return this.request('transferOwner', fields, options);
  }

  /** Says who may speak. Owner and admins. */
  setGroupState(fields: Fields<'setGroupState'>, options?: WaitOptions): Asked<'setGroupState'> {
    return this.request('setGroupState', fields, options);
  }

  /** Changes name, announcement or join policy. Owner and admins. */
  updateGroup(fields: Fields<'updateGroup'>, options?: WaitOptions): Asked<'updateGroup'> {
    return this.request('updateGroup', fields, options);
  }

  /** Ends the group for good; its members can still read it. Owner only. */
  dissolveGroup(fields: Fields<'dissolveGroup'>, options?: WaitOptions): Asked<'dissolveGroup'> {
    return this.request('dissolveGroup', fields, options);
  }

  /** The caller's groups, as in `ready`. */
  listGroups(fields: Fields<'listGroups'> = {}, options?: WaitOptions): Asked<'listGroups'> {
    return this.request('listGroups', fields, options);
  }

  /** The whole of a group. Members. */
  groupInfo(fields: Fields<'groupInfo'>, options?: WaitOptions): Asked<'groupInfo'> {
    return this.request('groupInfo', fields, options);
  }

  /** Members by user id, a page at a time: `after` is the last id of the page before. Members. */
  listMembers(fields: Fields<'listMembers'>, options?: WaitOptions): Asked<'listMembers'> {
    return this.request('listMembers', fields, options);
  }

  /** A user by the exact name. */
  findUser(fields: Fields<'findUser'>, options?: WaitOptions): Asked<'findUser'> {
    return this.request('findUser', fields, options);
  }

  /** Private conversations, the newest first; `before` is the user id that the page before ended with. */
  listConversations(fields: Fields<'listConversations'> = {}, options?: WaitOptions): Asked<'listConversations'> {
    return this.request('listConversations', fields, options);
  }

  /** Hears nothing more from somebody in private. */
  blockUser(fields: Fields<'blockUser'>, options?: WaitOptions): Asked<'blockUser'> {
    return this.request('blockUser', fields, options);
  }

  /** Takes a block back. */
  unblockUser(fields: Fields<'unblockUser'>, options?: WaitOptions): Asked<'unblockUser'> {
    return this.request('unblockUser', fields, options);
  }

  /** Whom the caller blocks. */
  listBlocked(fields: Fields<'listBlocked'> = {}, options?: WaitOptions): Asked<'listBlocked'> {
    return this.request('listBlocked', fields, options);
  }

  /** Which of these users, 200 at most, are online. */
  presence(fields: Fields<'presence'>, options?: WaitOptions): Asked<'presence'> {
    return this.request('presence', fields, options);
  }
}
