import { openStore, startPeer } from './peer.js';

/** The peer as a process: `PEER_DB_URL` and `PORT` in, one line `ready URL` out, ends on SIGTERM. */
const url = process.env.PEER_DB_URL;
if (url === undefined) throw new Error('PEER_DB_URL is missing: mysql://user:password@host:port/database.');
const database = await openStore(url);
const peer = await startPeer(database.store, Number(process.env.PORT ?? 0));
process.once('SIGTERM', () => {
  peer
    .close()
    .then(() => database.close())
    .then(
      () => process.exit(0),
      () => process.exit(1),
    );
});
process.stdout.write(`ready ${peer.url}\n`);
