import t from 'tap';
import { Verifier } from '../dist/operate/verifier.js';

const tables = { conversation: 'room', message: 'room_message', key: 'roomId', sent: 'room_sent_id' };
const message = { seq: 1, id: 'a', fromUserId: 1, content: 'hi', kind: 0, notice: null, clientId: null, createTime: 1 };
const said = { ...message, recalled: 0 };
const emptied = { ...message, content: '', recalled: 1 };

/** One archived message, which is recalled right after a look at the notes of recalls; a note is left where `noted`. */
function recalledBetween({ noted }: { noted: boolean }) {
  let recalled = false;
  const query = async (sql: string) => {
    if (sql.includes('room_message_recall')) {
      const notes = recalled && noted ? [{ seq: 1 }] : [];
      recalled = true;
      return notes;
    }
    if (sql.includes('FROM room WHERE')) return [{ lastSeq: 1, hotFromSeq: 1, archivedThroughSeq: 1 }];
    return [recalled ? emptied : said];
  };
  const database = { read: (work: (manager: unknown) => unknown) => work({ query }) };
  const run = async ([{ sql }]: [{ sql: string }]) => [sql.includes('MIN(seq)') ? [{ seq: null }] : [said]];
  const remote = { write: (work: (one: typeof run) => unknown) => work(run) };
  const parts = [{ tables, database }, remote] as unknown as ConstructorParameters<typeof Verifier>;
  return new Verifier(...parts);
}

t.test('a recall between two reads of one look is no conflict', async (t) => {
  const verifier = recalledBetween({ noted: true });
  t.strictSame(await verifier.check(7), []);
  t.equal(verifier.compared, 1);
});

t.test('what is found twice is told', async (t) => {
  const findings = await recalledBetween({ noted: false }).check(7);
  t.strictSame(findings, [{ conversationId: 7, seq: 1, problem: 'conflict' }]);
});
