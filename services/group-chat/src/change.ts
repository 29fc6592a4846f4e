import type { Bus } from '@teahouse/bus';
import {
  type AuditAct,
  type AuditDetail,
  type Caller,
  membershipChange,
  type Notice,
  TeahouseError,
} from '@teahouse/contracts';
import type { StoredMessage } from '@teahouse/message-log';
import { type Act, noteAct } from '@teahouse/service-kit/database';
import type { EntityManager } from 'typeorm';
import { GroupChat, GroupChatMember, GroupJoinRequest } from './entities.js';
import { Rights } from './numbers.js';
import { publishMove, publishRun } from './publish.js';
import { type Standing, standing } from './rules.js';
import type { Service } from './service.js';
import { mutedUntil as endOfMute, groupWhole } from './shapes.js';
import { countMembership, insertGroup, keepMute, lockGroup, lockUser, takeMute } from './store.js';

type Changeable = Partial<Pick<GroupChat, 'groupName' | 'announcement' | 'joinPolicy' | 'state' | 'ownerId'>>;

/**
 * One change of a group under way, inside its transaction, with the group's row locked. What it does to rows is done at
 * once; what members are told is gathered and said after the commit.
 */
export class Change {
  readonly #notices: { from: number; notice: Notice }[] = [];
  readonly #acts: Omit<Act, 'by' | 'groupId' | 'seq'>[] = [];
  readonly #entered = new Map<number, GroupChatMember>();
  readonly #left = new Set<number>();
  #changed = false;

  constructor(
    readonly manager: EntityManager,
    readonly group: GroupChat,
    private readonly by: Pick<Caller, 'userId' | 'address'>,
    private readonly maxGroupsPerUser: number,
  ) {}

  /** Appends a notice to the group's log at the end of the transaction. */
  note(notice: Notice): void {
    const by = this.by.userId;
    this.#notices.push({ from: by, notice: { by, ...notice } });
  }

  /** Writes down at the end of the transaction that this was done by the power of an office. */
  audit(act: AuditAct, userId?: number, detail?: AuditDetail): void {
    this.#acts.push({ act, ...(userId === undefined ? {} : { userId }), ...(detail === undefined ? {} : { detail }) });
  }

  async set(fields: Changeable): Promise<void> {
    this.#changed = true;
    Object.assign(this.group, fields);
    await this.manager.update(GroupChat, { id: this.group.id }, fields);
  }

  async setMember(
    member: GroupChatMember,
    fields: Partial<Pick<GroupChatMember, 'rights' | 'mutedUntil'>>,
  ): Promise<void> {
    this.#changed = true;
    Object.assign(member, fields);
    await this.manager.update(GroupChatMember, { groupId: member.groupId, userId: member.userId }, fields);
  }

  /** Makes somebody a member whom `enrolled` knows and who is none yet. CONFLICT for one who is in too many groups. */
  async enter(userId: number, rights: number, event: 'created' | 'joined'): Promise<void> {
    const { manager, group } = this;
    const user = await lockUser(manager, userId);
    if (!user) throw new Error(`User ${userId} was not enrolled.`);
    if (user.groupCount >= this.maxGroupsPerUser) {
      throw new TeahouseError('CONFLICT', `Nobody can be in more than ${this.maxGroupsPerUser} groups.`);
    }
    // The notice that tells of it is read: whoever comes in starts with nothing unread.
    const readSeq = group.lastSeq + this.#notices.length + 1;
    const isNew = event === 'created';
    const mutedUntil = isNew ? 0 : await takeMute(manager, group.id, userId);
    const member = { groupId: group.id, userId, rights, mutedUntil, readSeq, joinTime: Date.now() };
    await manager.insert(GroupChatMember, member);
    await this.#count(userId, 1);
    if (!isNew) await manager.delete(GroupJoinRequest, { groupId: group.id, userId });
    this.#entered.set(userId, member);
    this.note({ event, userId, ...(isNew ? { groupName: group.groupName } : {}), ...endOfMute(member) });
  }

  async leave(member: GroupChatMember, event: 'left' | 'removed' | 'banned'): Promise<void> {
    const { groupId, userId } = member;
    await keepMute(this.manager, member, Date.now());
    await this.manager.delete(GroupChatMember, { groupId, userId });
    await this.#count(userId, -1);
    this.#left.add(userId);
    this.note({ event, userId });
  }

  async #count(userId: number, by: 1 | -1): Promise<void> {
    this.group.memberCount += by;
    await this.manager.update(GroupChat, { id: this.group.id }, { memberCount: this.group.memberCount });
    await countMembership(this.manager, userId, by);
  }

  /**
   * Writes the notices and the acts. Returns what to say once the transaction has committed. A change that no notice tells
   * of is refused: by the notice, which moves the group's `lastSeq`, sends know that somebody may not speak any more.
   */
  async seal({ messages, bus }: Service): Promise<Changed> {
    const { group } = this;
    if (this.#changed && this.#notices.length === 0) throw new Error('A change of a group has no notice.');
    const userIds = [...this.#entered.keys(), ...this.#left];
    const stored = await messages.appendInside(this.manager, group.id, this.#notices);
    const newest = stored.at(-1);
    const told = newest === undefined ? {} : { seq: newest.seq };
    for (const act of this.#acts) await noteAct(this.manager, { ...act, by: this.by, groupId: group.id, ...told });
    if (newest === undefined) return { publish: () => {}, userIds };
    group.lastSeq = newest.seq;
    return { publish: () => this.#publish(bus, stored), userIds };
  }

  /**
   * Whoever comes or goes is moved first, so that they know the group before its first message; then the group hears the
   * notices, and last its new whole. The head that an entrant is told is the one before their notice, which follows.
   */
  #publish(bus: Bus, stored: readonly StoredMessage[]): void {
    const { group } = this;
    const changes = stored.flatMap(({ seq, notice }) => (notice && membershipChange(seq, notice)) ?? []);
    for (const { seq, join, leave } of changes) {
      const member = join === undefined ? undefined : this.#entered.get(join);
      const whole = member && { ...groupWhole(group, member), lastSeq: seq - 1 };
      if (member) publishMove(bus, member.userId, group.id, seq, whole);
      if (leave !== undefined && this.#left.has(leave)) publishMove(bus, leave, group.id, seq, undefined);
    }
    publishRun(bus, group.id, stored, [], changes, groupWhole(group));
  }
}

/** What is left to do after the commit: to publish, in the order of the commits, and to tell the view of these users. */
interface Changed {
  publish(): void;
  readonly userIds: readonly number[];
}

/**
 * Changes a group: locks its row, so that no message is stored meanwhile and all changes are in one order, asks the rules,
 * works, commits, tells. `work` may run several times where transactions collide, and then starts from fresh rows.
 */
export async function changeGroup<T>(
  service: Service,
  caller: Caller,
  groupId: number,
  work: (change: Change, standing: Standing) => Promise<T>,
): Promise<T> {
  const { result, changed } = await service.turns.take(groupId, async () => {
    const done = await service.database.transaction(async (manager) => {
      const mine = standing(await lockGroup(manager, groupId, caller.userId), caller);
      const change = new Change(manager, mine.group, caller, service.maxGroupsPerUser);
      const result = await work(change, mine);
      return { result, changed: await change.seal(service) };
    });
    done.changed.publish();
    return done;
  });
  await service.memberships.tell(changed.userIds);
  return result;
}

/** Makes a group with its owner; CONFLICT where the owner is in too many already. */
export async function makeGroup(
  service: Service,
  caller: Caller,
  fields: { groupName: string; joinPolicy: number },
): Promise<GroupChat> {
  const { group, changed } = await service.database.transaction(async (manager) => {
    const group = await insertGroup(manager, { ...fields, ownerId: caller.userId });
    const change = new Change(manager, group, caller, service.maxGroupsPerUser);
    await change.enter(caller.userId, Rights.owner, 'created');
    return { group, changed: await change.seal(service) };
  });
  changed.publish();
  await service.memberships.tell(changed.userIds);
  return group;
}
