import { type BusUser, busRights, busUsers } from '@teahouse/contracts';

/** The least that the server must allow a user for its part on the bus; `answers`: a reply to each request it gets. */
export interface NatsPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  readonly answers: boolean;
}

/**
 * The permissions of one service: its own subjects, queues and views, and its own inbox.
 *
 * Limits, for within one account NATS knows nothing finer:
 * - Who may read a view may also make and remove consumers on it, others' included, and choose where those deliver to.
 * - Who makes a stream says what it gathers and what the server passes on from it, and nobody's rights are asked there. A
 *   service that is in foreign hands while one of its streams does not exist yet, at the first start or after NATS lost its
 *   disk, can so hear others' calls, passwords included, and put entries into others' views, keys included. What exists
 *   cannot be changed or removed by any service, and is refused by all who open it where it is not as a service makes it
 *   (altered.ts); but only its user opens a queue.
 */
export function natsPermissions(user: BusUser): NatsPermissions {
  const rights = busRights(user);
  const views = [...new Set([...rights.writes, ...rights.reads])];
  return {
    publish: [
      ...rights.publishes,
      ...rights.asks.flatMap(ofEachInstance),
      ...rights.queues.flatMap(queueSubjects),
      ...(views.length > 0 ? ['$JS.API.INFO'] : []),
      ...views.flatMap(viewSubjects),
      ...rights.writes.map((view) => `$KV.${view}.>`),
    ],
    subscribe: [...rights.listens, ...rights.serves.flatMap(ofEachInstance), `_INBOX_${user}.>`],
    answers: rights.serves.length > 0,
  };
}

/** What is served by any instance, and by one that is chosen; also the roll call, see instances.ts. */
const ofEachInstance = (pattern: string): string[] => [pattern, `${pattern}.*`];

/** Makes the queue and its consumer, pushes, pulls, acknowledges. No UPDATE: it would let the queue gather other subjects. */
function queueSubjects(queue: string): string[] {
  const stream = `queue_${queue}`;
  return [
    `queue.${queue}`,
    ...['CREATE', 'INFO'].map((verb) => `$JS.API.STREAM.${verb}.${stream}`),
    `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.workers`,
    ...['CREATE', 'INFO', 'MSG.NEXT'].map((verb) => `$JS.API.CONSUMER.${verb}.${stream}.workers`),
    `$JS.ACK.${stream}.workers.>`,
  ];
}

/** Makes the bucket where it is missing, gets, lists and watches. Only the owner puts: into `$KV`. */
function viewSubjects(view: string): string[] {
  const stream = `KV_${view}`;
  return [
    ...['INFO', 'CREATE', 'MSG.GET'].map((verb) => `$JS.API.STREAM.${verb}.${stream}`),
    ...['CREATE', 'INFO', 'DELETE', 'MSG.NEXT'].map((verb) => `$JS.API.CONSUMER.${verb}.${stream}.>`),
    `$JS.FC.${stream}.>`,
  ];
}

/** The block of the server's configuration that names all users; passwords come from `NATS_<USER>_PASSWORD`. */
export function natsUsers(): string {
  const users = busUsers.map((user) => {
    const { publish, subscribe, answers } = natsPermissions(user);
    const lines = (subjects: readonly string[]) => subjects.map((subject) => `          "${subject}"\n`).join('');
    return `    {
      user: "${user}"
      password: $${natsPasswordVariable(user)}
      permissions: {
        publish: [
${lines(publish)}        ]
        subscribe: [
${lines(subscribe)}        ]
${answers ? '        allow_responses: true\n' : ''}      }
    }
`;
  });
  return `authorization: {\n  users: [\n${users.join('')}  ]\n}\n`;
}

/** The variable of the server's environment that holds a user's password, `NATS_GROUP_CHAT_PASSWORD`. */
export function natsPasswordVariable(user: BusUser): string {
  return `NATS_${user.toUpperCase().replace('-', '_')}_PASSWORD`;
}
