import { setTimeout as delay } from 'node:timers/promises';
import { TestClient } from '@teahouse/test';
import { type Account, register } from './accounts.js';
import { Ledger } from './ledger.js';
import { groupPlace, officialGroup, type Place, pairPlace } from './message.js';
import { Mover } from './people/mover.js';
import type { Person } from './people/person.js';
import { RawPerson } from './people/raw.js';
import { SdkPerson } from './people/sdk.js';
import type { Random } from './random.js';
import type { Witness } from './witness.js';

const sdkPeople = 6;
const rawPeople = 5;
/** Who comes anew before each fault, and how long that may take. */
const spreading = 5;
const spreadMs = 5_000;
const usualPace = [60, 260] as const;
/** Each speaks about so often, milliseconds. */
export type Pace = readonly [number, number];

export interface CrowdOptions {
  readonly pace?: Pace;
  /** What a busy machine may add before a silent server is given up. */
  readonly slackMs: number;
}

/** Everybody who chats during a run, in three groups and in private, and what they saw. */
export class Crowd {
  readonly ledger = new Ledger();
  readonly accounts: Account[] = [];
  #people: Person[] = [];
  /** Those who are here, and those who left since the last judgement. */
  witnesses: Witness[] = [];
  #places: Place[] = [];
  #steady: Place = officialGroup;
  #moving: Place = officialGroup;
  #mover: Mover | undefined;
  #talking = false;
  #idle: Promise<unknown> = Promise.resolve();
  #lives = 0;
  #lossesOfGone = 0;
  /** What clients could not make sense of, for the judge. */
  readonly complaints: string[] = [];

  private constructor(
    private readonly url: string,
    private readonly socketUrl: string,
    private readonly random: Random,
    private readonly options: CrowdOptions,
  ) {}

  static async gather(url: string, socketUrl: string, random: Random, options: CrowdOptions): Promise<Crowd> {
    const crowd = new Crowd(url, socketUrl, random, options);
    await crowd.#gather();
    return crowd;
  }

  /** Connections lost so far. */
  get losses(): number {
    return this.#people.reduce((sum, person) => sum + person.losses, this.#lossesOfGone);
  }

  get online(): boolean {
    return this.#people.every((person) => person.online);
  }

  get moves(): number {
    return this.#mover?.moves ?? 0;
  }

  talk(): void {
    if (this.#talking) return;
    this.#talking = true;
    this.#mover?.start();
    this.#idle = Promise.all(this.#people.map((_, index) => this.#speak(index)));
  }

  /** Nobody begins anything new; what was begun goes on to its end. */
  async hush(): Promise<void> {
    this.#talking = false;
    await Promise.all([this.#idle, this.#mover?.rest()]);
  }

  /** Some come anew, by whatever gateway takes them, so that no gateway has everybody; resolves when all are here. */
  async spread(): Promise<void> {
    for (const person of this.random.shuffled(this.#people).slice(0, spreading)) person.move();
    const deadline = Date.now() + spreadMs + this.options.slackMs;
    do {
      await delay(50);
      this.wake();
    } while (!this.online && Date.now() < deadline);
  }

  /** Somebody closes the SDK's client and comes with a new one that holds nothing. */
  async renew(): Promise<void> {
    const index = this.random.int(0, sdkPeople - 1);
    const person = this.#people[index];
    const account = this.accounts[index];
    if (!person || !account) return;
    person.leave();
    this.#lossesOfGone += person.losses;
    const next = this.#sdk(account);
    this.#people[index] = next;
    this.witnesses.push(next.witness);
    await next.connect();
  }

  /** Applications tell the SDK when the network is back; otherwise it takes its time, to spare the server. */
  wake(): void {
    for (const person of this.#people) person.wake();
  }

  /** Called after a judgement: those who are gone have been judged. */
  forgetGone(): void {
    this.witnesses = this.witnesses.filter(({ gone }) => !gone);
  }

  async leave(): Promise<void> {
    await this.hush();
    await this.#mover?.close();
    for (const person of this.#people) person.leave();
  }

  async #speak(index: number): Promise<void> {
    while (this.#talking) {
      await delay(this.random.int(...(this.options.pace ?? usualPace)));
      if (this.#talking) this.#people[index]?.say(this.#place(index));
    }
  }

  /** One of the groups, or somebody; a member who was put out tries all the same. */
  #place(index: number): Place {
    const me = this.accounts[index]?.userId ?? 0;
    const other = this.accounts[this.random.chance(70) ? (index + 1) % this.accounts.length : 0]?.userId ?? 0;
    const places = [...this.#places, this.random.pick(this.#places)];
    if (other !== me) places.push(pairPlace(me, other), pairPlace(me, other));
    return this.random.pick(places);
  }

  async #gather(): Promise<void> {
    for (let index = 0; index < sdkPeople + rawPeople; index++) {
      this.accounts.push(await register(this.url, `faults${index + 1}`));
    }
    const [owner] = this.accounts as [Account];
    await this.#makeGroups(owner);
    for (const [index, account] of this.accounts.entries()) {
      const person = index < sdkPeople ? this.#sdk(account) : this.#raw(account);
      await person.connect();
      this.#people.push(person);
      this.witnesses.push(person.witness);
    }
    // One who uses the SDK and two who do not come and go; everybody else of the group stays.
    const movers = [sdkPeople - 1, sdkPeople, sdkPeople + 1].map((index) => this.accounts[index] as Account);
    this.#mover = new Mover(this.socketUrl, this.#numberOf(this.#moving), owner, movers, this.random, (text) =>
      this.complaints.push(text),
    );
  }

  async #makeGroups(owner: Account): Promise<void> {
    const { client } = await TestClient.login(this.socketUrl, { token: owner.token });
    const make = async (groupName: string, members: readonly Account[]) => {
      const { groupId } = await client.request({ type: 'createGroup', groupName });
      for (const { userId } of members) await client.request({ type: 'inviteMember', groupId, userId });
      return groupPlace(Number(groupId));
    };
    this.#steady = await make('steady', this.accounts.slice(1));
    this.#moving = await make('moving', this.accounts.slice(1));
    this.#places = [officialGroup, this.#steady, this.#moving];
    await client.close();
  }

  #numberOf(place: Place): number {
    return Number(place.slice(1));
  }

  #sdk(account: Account): SdkPerson {
    this.#lives += 1;
    return new SdkPerson(account, this.url, this.#lives, this.ledger, (text) => this.complaints.push(text));
  }

  #raw(account: Account): RawPerson {
    const failed = (text: string) => this.complaints.push(text);
    return new RawPerson(account, this.socketUrl, this.ledger, this.random, this.options.slackMs, failed);
  }
}
