import { computed, reactive } from 'vue';
import { onClient, onLeave, theClient } from './login';

type Standing = 'connecting' | 'offline' | 'catchingUp' | 'caughtUp' | 'online';

/** What is true of the connection; `done` of `all` missed messages have come in since it was back. */
export const connection = reactive({
  standing: 'connecting' as Standing,
  network: navigator.onLine,
  done: 0,
  all: 0,
  groupsDown: false,
  peopleDown: false,
  /** How many lists of groups or of people came after a login, by themselves: what was read before may have failed, or be old. */
  listsTold: 0,
});

/** How long it is worth saying that all is well again. */
const praiseMs = 2_500;
let everReady = false;
let praise: ReturnType<typeof setTimeout> | undefined;

export const isOnline = computed(() => connection.standing !== 'connecting' && connection.standing !== 'offline');

export function tryNow(): void {
  theClient().wake();
}

function missing(count: number): void {
  connection.all = Math.max(connection.all, connection.done + count);
  connection.done = connection.all - count;
  if (count > 0 || connection.standing !== 'catchingUp') return;
  connection.standing = 'caughtUp';
  clearTimeout(praise);
  praise = setTimeout(() => {
    if (connection.standing === 'caughtUp') connection.standing = 'online';
  }, praiseMs);
}

onClient((client) => {
  client.on('ready', ({ unavailable }) => {
    connection.groupsDown = unavailable?.includes('groups') ?? false;
    connection.peopleDown = unavailable?.includes('conversations') ?? false;
    connection.standing = everReady ? 'catchingUp' : 'online';
    everReady = true;
    connection.done = 0;
    connection.all = 0;
    missing(client.behind);
  });
  client.on('behind', (count) => {
    if (connection.standing === 'catchingUp') missing(count);
  });
  client.on('groups', () => {
    connection.groupsDown = false;
    connection.listsTold += 1;
  });
  client.on('conversations', () => {
    connection.peopleDown = false;
    connection.listsTold += 1;
  });
  client.on('state', (state) => {
    if (state === 'waiting') connection.standing = 'offline';
    else if (state === 'connecting') connection.standing = everReady ? 'offline' : 'connecting';
  });
});

onLeave(() => {
  everReady = false;
  connection.standing = 'connecting';
});

for (const event of ['online', 'offline']) {
  addEventListener(event, () => {
    connection.network = navigator.onLine;
  });
}
