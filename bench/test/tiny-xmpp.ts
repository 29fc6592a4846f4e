import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

interface TinyXmpp {
  url: string;
  /** Changes each delivery to one user, as a broken server would. */
  breakFor(name: string, change: (stanza: string) => string): void;
  close(): void;
}

interface Session {
  socket: WebSocket;
  name: string;
  room?: string;
  /** Stanzas to and from it since stream management began, and requests for an ack that it has not answered. */
  told: number;
  handled: number;
  asked: number;
}

/** More requests than the round trip of a few messages explains. */
const UNANSWERED = 20;

const attribute = (stanza: string, name: string) => new RegExp(` ${name}='([^']*)'`).exec(stanza)?.[1] ?? '';

/** As much of XMPP over WebSocket as the load generator uses, in the very words of ejabberd 23.01, for testing the generator alone. */
export async function startTinyXmpp(): Promise<TinyXmpp> {
  const sessions: Session[] = [];
  const broken = new Map<string, (stanza: string) => string>();
  let archiveId = Date.now() * 1000;

  const deliver = (to: Session, by: string, from: string, type: string, id: string, body: string) => {
    const stanza =
      `<message xmlns='jabber:client' xml:lang='en' to='${to.name}@localhost/b' from='${from}' type='${type}' id='${id}'>` +
      `<archived by='${by}' id='${archiveId}' xmlns='urn:xmpp:mam:tmp'/>` +
      `<stanza-id by='${by}' id='${archiveId}' xmlns='urn:xmpp:sid:0'/>${body}</message>`;
    to.told += 1;
    to.socket.send(broken.get(to.name)?.(stanza) ?? stanza);
  };
  const message = (me: Session, stanza: string) => {
    archiveId += 700;
    me.handled += 1;
    const [to, id, type] = ['to', 'id', 'type'].map((name) => attribute(stanza, name)) as [string, string, string];
    const body = stanza.slice(stanza.indexOf('<body>'), stanza.indexOf('</message>'));
    for (const other of sessions) {
      if (type === 'groupchat' && other.room === to) deliver(other, to, `${to}/${me.name}`, type, id, body);
      if (type === 'chat' && `${other.name}@localhost` === to) {
        deliver(other, to, `${me.name}@localhost/b`, type, id, body);
        other.asked += 1;
        other.socket.send(other.asked > UNANSWERED ? '<stream:error/>' : "<r xmlns='urn:xmpp:sm:3'/>");
      }
    }
  };
  const answer = (me: Session, stanza: string) => {
    const say = (text: string) => me.socket.send(text);
    if (stanza.startsWith('<open')) {
      say("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' id='1' version='1.0' xml:lang='en' from='localhost'/>");
      say(
        me.name === ''
          ? "<stream:features xmlns:stream='http://etherx.jabber.org/streams'><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>"
          : "<stream:features xmlns:stream='http://etherx.jabber.org/streams'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>",
      );
    } else if (stanza.startsWith('<auth')) {
      me.name = Buffer.from(/>(.*)</.exec(stanza)?.[1] ?? '', 'base64')
        .toString()
        .split('\0')[1] as string;
      say("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    } else if (stanza.startsWith('<iq')) {
      const jid = `<jid>${me.name}@localhost/b</jid>`;
      say(
        `<iq xmlns='jabber:client' type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>${jid}</bind></iq>`,
      );
    } else if (stanza.startsWith('<presence')) {
      const [room, nick] = attribute(stanza, 'to').split('/');
      say(`<presence xmlns='jabber:client' xml:lang='en' to='${me.name}@localhost/b' from='${room}/${nick}'/>`);
      if (!room) return;
      me.room = room;
      say(
        `<message xmlns='jabber:client' to='${me.name}@localhost/b' from='${room}' type='groupchat'><subject/></message>`,
      );
    } else if (stanza.startsWith('<enable')) {
      me.told = 0;
      me.handled = 0;
      say("<enabled xmlns='urn:xmpp:sm:3'/>");
    } else if (stanza.startsWith('<r ')) say(`<a h='${me.handled}' xmlns='urn:xmpp:sm:3'/>`);
    else if (stanza.startsWith('<a ')) {
      me.asked = 0;
      if (Number(attribute(stanza, 'h')) > me.told) say('<stream:error/>');
    } else if (stanza.startsWith('<message')) message(me, stanza);
  };

  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => {
    const me: Session = { socket, name: '', told: 0, handled: 0, asked: 0 };
    sessions.push(me);
    socket.on('message', (data) => answer(me, data.toString()));
    socket.on('close', () => sessions.splice(sessions.indexOf(me), 1));
  });
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`,
    breakFor: (name, change) => void broken.set(name, change),
    close() {
      for (const client of server.clients) client.terminate();
      server.close();
    },
  };
}
