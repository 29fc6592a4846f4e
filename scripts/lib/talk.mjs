import { setTimeout as delay } from 'node:timers/promises';

const pauseMs = 50;

/**
 * Two people of the demo accounts talk, in the official group and with each other, through whatever happens: what is not
 * acknowledged is said again under the same `clientId`, and who lost the connection comes back.
 * @param {typeof import('../../test/dist/index.js').TestClient} TestClient
 * @param {string} url `http://host:port`
 */
export async function startTalk(TestClient, url) {
  const socket = url.replace(/^http/, 'ws');
  const acked = [];
  let talking = true;
  let counter = 0;
  let answered = () => {};
  let trouble;

  const person = async (username) => {
    let line;
    const connection = async () => {
      line ??= await TestClient.login(socket, { token: await tokenOf(url, username) });
      return line;
    };
    const id = (await connection()).ready.user.id;
    /** Until it is acknowledged. */
    const say = async (frame) => {
      const clientId = `talk-${username}-${++counter}`;
      const content = `${username} 说 ${counter}`;
      for (;;) {
        try {
          const { client } = await connection();
          const { seq, id: messageId } = await client.request({ ...frame, content, clientId }, 3_000);
          acked.push({ with: frame.to, from: id, id: messageId, seq, content, clientId });
          answered();
          return;
        } catch (error) {
          trouble = error;
          // What is not an answer tells of a connection that is lost, or was not to be had.
          if (error.name !== 'RequestError') {
            line?.client.terminate();
            line = undefined;
          } else if (!['UNAVAILABLE', 'RATE_LIMITED'].includes(error.code)) throw error;
          await delay(200);
        }
      }
    };
    return { id, say, client: async () => (await connection()).client, leave: () => line?.client.terminate() };
  };

  const [one, two] = [await person('player1'), await person('player2')];
  const chatter = async (speaker, frame) => {
    while (talking) {
      await speaker.say(frame);
      await delay(pauseMs);
    }
  };
  const chatters = Promise.all([
    chatter(one, { type: 'groupMessage' }),
    chatter(two, { type: 'groupMessage' }),
    chatter(one, { type: 'privateMessage', to: two.id }),
    chatter(two, { type: 'privateMessage', to: one.id }),
  ]);
  chatters.catch(() => {});
  return {
    acked,
    /** Resolves when messages of each kind, sent from now on, are acknowledged. Rejects after `ms`. */
    async flows(ms) {
      const from = acked.length;
      const late = AbortSignal.timeout(ms);
      const all = () => new Set(acked.slice(from + 4).map((ack) => `${ack.from} ${ack.with}`)).size === 4;
      while (!all()) {
        if (late.aborted) throw new Error(`The talk did not go on within ${ms} ms. The last trouble: ${trouble}`);
        await Promise.race([new Promise((resolve) => (answered = resolve)), delay(200), chatters]);
      }
    },
    async end() {
      talking = false;
      await chatters;
      one.leave();
      two.leave();
    },
    people: { one: one.id, two: two.id },
  };
}

/**
 * Reads both conversations whole and compares them with what was acknowledged: each message once, under its number, with its
 * words; no number is missing or given twice.
 * @returns {Promise<string>} what is stored, so that two readings can be compared
 */
export async function compareHistory(TestClient, url, talk) {
  const socket = url.replace(/^http/, 'ws');
  const { client, ready } = await TestClient.login(socket, { token: await tokenOf(url, 'player1') });
  const group = await history(client, { groupId: ready.groups[0].id });
  const dialogue = await history(client, { with: talk.people.two });
  client.terminate();
  for (const messages of [group, dialogue])
    for (const [index, { seq }] of messages.entries())
      if (seq !== index + 1) throw new Error(`Number ${index + 1} is missing: there stands ${seq}.`);
  for (const ack of talk.acked) {
    const stored = (ack.with === undefined ? group : dialogue)[ack.seq - 1];
    if (stored?.id !== ack.id || stored.content !== ack.content || stored.from !== ack.from)
      throw new Error(`Acknowledged and not there: ${JSON.stringify(ack)}, but ${JSON.stringify(stored)}`);
  }
  const ids = new Set([...group, ...dialogue].map(({ clientId, id }) => clientId ?? id));
  if (ids.size !== group.length + dialogue.length) throw new Error('A message is stored twice.');
  return JSON.stringify([group, dialogue]);
}

async function history(client, conversation) {
  const messages = [];
  for (let more = true; more; ) {
    const page = await client.request({ type: 'history', ...conversation, afterSeq: messages.length, limit: 200 });
    messages.push(...page.messages);
    more = page.more;
  }
  return messages;
}

async function tokenOf(url, username) {
  const response = await fetch(`${url}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password: '123456' }),
    signal: AbortSignal.timeout(5_000),
  });
  if (!response.ok) throw new Error(`No login: ${response.status}`);
  return (await response.json()).token;
}
