import { call } from '@teahouse/bus';
import { authCalls, isErrorCode, TeahouseError } from '@teahouse/contracts';
import { eventually, TestClient, within } from '@teahouse/test';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { type BusInput, calls, type Input, type RestInput, type SocketInput, users } from './inputs.js';
import type { World } from './world.js';

/** Longer than any promise of the protocol: what is not answered by then never is, however slow the machine. */
const patienceMs = 30_000;
const administrator = 1;

interface Person {
  readonly token: string;
  readonly client: TestClient;
  isOpen: boolean;
}

const replies = new Map(calls.map(({ subject, reply }) => [subject, Compile(reply as TSchema)]));

/** Hands inputs to the world and judges what comes back. */
export class Deliverer {
  readonly #world: World;
  readonly #people = new Map<number, Promise<Person>>();
  #nextRef = 1;
  /** How often something was not available: no fault by itself, and none to be seen on an idle machine. */
  unavailable = 0;
  /** Inputs that did what they asked for: without them the fuzz would see no more than the door. */
  accepted = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** What is wrong with the world's answer; undefined where nothing is. */
  async deliver(input: Input): Promise<string | undefined> {
    if (input.to === 'rest') return await this.#rest(input);
    if ('data' in input) return await (input.to === 'door' ? this.#door(input) : this.#socket(input));
    if (input.to === 'ask') return await this.#ask(input);
    this.#world.bus.publish(input.subject, bytesOf(input.payload));
    return undefined;
  }

  /** Whether everybody is heard and answered, and nobody was told of an error inside. */
  async check(): Promise<string | undefined> {
    for (const user of users) {
      const person = await this.#person(user);
      try {
        await person.client.request({ type: 'heartbeat' }, patienceMs);
      } catch (error) {
        if (!(await closes(person.client))) return `user ${user} is not answered any more: ${String(error)}`;
      }
      const inside = person.client.frames.find(({ code }) => code === 'INTERNAL');
      if (inside) return `a frame was answered ${JSON.stringify(inside)}`;
      // What was looked at is let go: a client keeps all that it hears.
      person.client.frames.length = 0;
    }
    return undefined;
  }

  async close(): Promise<void> {
    for (const person of this.#people.values()) (await person).client.terminate();
  }

  async #socket({ user, data }: SocketInput): Promise<string | undefined> {
    const { client } = await this.#person(user);
    const ref = `f${this.#nextRef++}`;
    const { text, answered } = withRef(data, ref);
    try {
      if (answered) {
        const answer = client.waitFor((frame) => frame.ref === ref, patienceMs);
        client.sendRaw(text);
        if ((await answer).type !== 'error') this.accepted++;
      } else client.sendRaw(text);
    } catch (error) {
      if (!(await closes(client))) return `no answer: ${String(error)}`;
    }
    return undefined;
  }

  async #door({ data }: SocketInput): Promise<string | undefined> {
    const client = await TestClient.connect(this.#world.url.replace('http', 'ws'));
    try {
      client.sendRaw(data);
      const answer = await Promise.race([client.waitFor(() => true, patienceMs), client.closed]);
      if ('code' in answer && answer.code === 'INTERNAL') return `the door was answered ${JSON.stringify(answer)}`;
    } catch (error) {
      if (!(await closes(client))) return `no answer at the door: ${String(error)}`;
    } finally {
      client.terminate();
    }
    return undefined;
  }

  async #rest({ method, path, user, body }: RestInput): Promise<string | undefined> {
    const person = user > 0 ? await this.#person(user) : undefined;
    const token = user < 0 ? 'a.b.c' : person?.token;
    const response = await fetch(this.#world.url + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(body === undefined || method === 'GET' ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: method === 'GET' ? null : (body ?? null),
      signal: AbortSignal.timeout(patienceMs),
    });
    const text = await response.text();
    if (response.ok) this.accepted++;
    if (response.status === 503) this.unavailable++;
    if (response.status >= 500 && response.status !== 503) return `${response.status} ${text.slice(0, 300)}`;
    // The login may have been ended by an input; the next one who needs it makes another.
    if (response.status === 401) person?.client.terminate();
    if (response.status >= 400 && !isRefusal(text)) return `${response.status} in another shape: ${text.slice(0, 300)}`;
    return undefined;
  }

  async #ask({ subject, payload }: BusInput): Promise<string | undefined> {
    try {
      const answer = await this.#world.bus.request(subject, bytesOf(payload), { timeoutMs: patienceMs });
      this.accepted++;
      const told: unknown = JSON.parse(Buffer.from(answer).toString());
      if (replies.get(subject)?.Check(told) !== true)
        return `answered out of shape: ${JSON.stringify(told).slice(0, 300)}`;
      return undefined;
    } catch (error) {
      if (!(error instanceof TeahouseError)) return `answered no JSON: ${String(error)}`;
      if (error.code === 'UNAVAILABLE') this.unavailable++;
      return error.code === 'INTERNAL' ? 'INTERNAL' : undefined;
    }
  }

  /** A connection of this user; one whose account was changed by an input is given back first what it had. */
  async #person(user: number): Promise<Person> {
    const known = this.#people.get(user);
    const person = await known;
    if (person?.isOpen) return person;
    if (known === this.#people.get(user)) this.#people.set(user, this.#enter(user, person?.token));
    return await (this.#people.get(user) as Promise<Person>);
  }

  async #enter(user: number, known: string | undefined): Promise<Person> {
    const enter = async (token: string): Promise<Person> => {
      const { client } = await TestClient.login(this.#world.url.replace('http', 'ws'), { token });
      const person = { token, client, isOpen: true };
      void client.closed.then(() => {
        person.isOpen = false;
      });
      return person;
    };
    const again = known === undefined ? undefined : await enter(known).catch(() => undefined);
    // Other inputs may change the account again before this is through.
    return (
      again ?? (await eventually(async () => enter(await this.#tokenOf(user)), patienceMs, `user ${user} gets in`))
    );
  }

  async #tokenOf(user: number): Promise<string> {
    const { bus } = this.#world;
    const by = { userId: administrator };
    const options = { timeoutMs: patienceMs };
    const account = { username: user === 1 ? 'admin' : `player${user - 1}`, password: '123456' };
    await call(bus, authCalls.setDisabled, { by, userId: user, disabled: false }, options);
    const login = () => call(bus, authCalls.login, { ...account, address: '' }, options);
    const pair = await login().catch(async () => {
      await call(bus, authCalls.resetPassword, { by, userId: user, newPassword: account.password }, options);
      return await login();
    });
    return pair.token;
  }
}

const bytesOf = (payload: string | Uint8Array): Uint8Array =>
  typeof payload === 'string' ? Buffer.from(payload) : payload;

/** Gives a frame that is whole a `ref` of our own, so that its answer is known. */
function withRef(data: string | Uint8Array, ref: string): { text: string | Uint8Array; answered: boolean } {
  if (typeof data !== 'string' || data.length > 60_000) return { text: data, answered: false };
  let whole: unknown;
  try {
    whole = JSON.parse(data);
  } catch {
    return { text: data, answered: false };
  }
  if (typeof whole !== 'object' || whole === null || Array.isArray(whole)) return { text: data, answered: false };
  const { type } = whole as { type?: unknown };
  // The one frame that is not answered where all is well.
  return { text: JSON.stringify({ ...whole, ref }), answered: type !== 'typing' };
}

function isRefusal(text: string): boolean {
  try {
    return isErrorCode((JSON.parse(text) as { error?: { code?: unknown } }).error?.code);
  } catch {
    return false;
  }
}

/** Whether the connection is closed, or is just being closed. */
const closes = (client: TestClient): Promise<boolean> =>
  within(client.closed, 1000, 'open').then(
    () => true,
    () => false,
  );
