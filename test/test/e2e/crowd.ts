import { eventually, type Frame } from '@teahouse/test';
import type { Test } from 'tap';
import { each, newcomer, type Person, wholeHistory } from './people.js';

const people = 100;
const groupCount = 50;
const groupSize = 10;
const messagesEach = 100;
/** Sends of one connection that wait for their ack. */
const window = 32;

interface Group {
  readonly id: number;
  readonly members: readonly Person[];
  /** What was there before the first message: notices of who made and joined it. */
  base: number;
}

interface Sent {
  readonly group: Group;
  readonly by: Person;
  readonly content: string;
  readonly seq: number;
  readonly id: string;
}

/** 10,000 messages from 100 connections into 50 groups of 10, as fast as the acks allow: nothing lost, doubled, or out of order. */
export async function crowdTalks(t: Test, url: string): Promise<void> {
  const names = Array.from({ length: people }, (_, index) => `crowd${index}`);
  const crowd = await each(names, 8, (name) => newcomer(url, name));
  t.teardown(() => {
    for (const { client } of crowd) client.terminate();
  });
  const groups = await each(
    Array.from({ length: groupCount }, (_, index) => index),
    8,
    (index) => makeGroup(crowd, index),
  );

  const sent = (await Promise.all(crowd.map((person) => talk(person, groups)))).flat();
  t.equal(sent.length, people * messagesEach, 'every message is acknowledged');

  const wrong: string[] = [];
  for (const group of groups) {
    const seqs = sent.filter((message) => message.group === group).map(({ seq }) => seq);
    seqs.sort((a, b) => a - b);
    if (seqs.some((seq, index) => seq !== group.base + 1 + index)) wrong.push(`group ${group.id}: ${seqs.join(' ')}`);
  }
  t.strictSame(wrong, [], 'the acks of each group count on without a hole or a double');

  const expected = (person: Person) =>
    sent.filter(({ group, by }) => by !== person && group.members.includes(person)).length;
  const counts = new Map(crowd.map((person) => [person, expected(person)]));
  await eventually(
    () => crowd.every((person) => heard(person, groups).length >= (counts.get(person) ?? 0)),
    20_000,
    'Not everything was delivered',
  );
  const received = crowd.flatMap((person) => differences(person, groups, sent));
  t.strictSame(received, [], 'each member hears what the others said, once and in order');

  const kept = await each(groups, 8, async (group) => {
    const reader = group.members[3] as Person;
    const history = await wholeHistory(reader.client, group.id, group.base);
    return difference(
      `history of ${group.id}`,
      history,
      sent.filter((message) => message.group === group),
    );
  });
  t.strictSame(kept.flat(), [], 'history is what was said');
}

async function makeGroup(crowd: readonly Person[], index: number): Promise<Group> {
  const members = Array.from({ length: groupSize }, (_, k) => crowd[(index * 2 + k) % people] as Person);
  const [owner, ...others] = members as [Person, ...Person[]];
  const made = await owner.client.request({ type: 'createGroup', groupName: `茶桌${index}` });
  const id = Number(made.groupId);
  for (const { client } of others) await client.request({ type: 'joinGroup', groupId: id });
  const { group } = await owner.client.request({ type: 'groupInfo', groupId: id });
  return { id, members, base: (group as { lastSeq: number }).lastSeq };
}

async function talk(by: Person, groups: readonly Group[]): Promise<Sent[]> {
  const mine = groups.filter(({ members }) => members.includes(by));
  const numbers = Array.from({ length: messagesEach }, (_, index) => index);
  return await each(numbers, window, async (number) => {
    const group = mine[number % mine.length] as Group;
    const content = `${by.id}: ${number}`;
    const frame = { type: 'groupMessage', groupId: group.id, content, clientId: `c${number}` };
    const { seq, id } = await by.client.request(frame, 30_000);
    return { group, by, content, seq: Number(seq), id: String(id) };
  });
}

function heard(person: Person, groups: readonly Group[]): Frame[] {
  const bases = new Map(groups.map(({ id, base }) => [id, base]));
  return person.client.frames.filter(
    ({ type, groupId, seq }) =>
      type === 'groupMessage' && Number(seq) > (bases.get(Number(groupId)) ?? Number.POSITIVE_INFINITY),
  );
}

function differences(person: Person, groups: readonly Group[], sent: readonly Sent[]): string[] {
  const frames = heard(person, groups);
  return groups
    .filter(({ members }) => members.includes(person))
    .flatMap((group) =>
      difference(
        `${person.id} in ${group.id}`,
        frames.filter(({ groupId }) => groupId === group.id),
        sent.filter((message) => message.group === group && message.by !== person),
      ),
    );
}

/** Compares messages, in the order they came, with those sent, in the order of their `seq`. */
function difference(what: string, got: readonly Frame[], sent: readonly Sent[]): string[] {
  const line = (seq: unknown, id: unknown, from: unknown, content: unknown) => `${seq} ${id} ${from} ${content}`;
  const wanted = [...sent]
    .sort((a, b) => a.seq - b.seq)
    .map(({ seq, id, by, content }) => line(seq, id, by.id, content));
  const had = got.map(({ seq, id, from, content }) => line(seq, id, from, content));
  const at = wanted.findIndex((text, index) => text !== had[index]);
  if (at < 0 && had.length === wanted.length) return [];
  const place = at < 0 ? wanted.length : at;
  return [`${what}: ${had.length} of ${wanted.length}; first difference: ${had[place]} instead of ${wanted[place]}`];
}
