import { mkdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type PrivateServer, startMysql, startNats, withConnection } from '@teahouse/test';
import type { Adapter } from './adapter.js';
import { childNamed } from './cpu.js';
import { ejabberdAdapter } from './ejabberd.js';
import { startEjabberd } from './ejabberd-process.js';
import { startPeerProcess } from './peer-process.js';
import { socketIoAdapter } from './socketio.js';
import { teahouseAdapter } from './teahouse.js';
import { type StartMore, startTeahouse } from './teahouse-processes.js';

/** A server under test and the processes whose CPU is its cost. */
export interface Contestant {
  adapter: Adapter;
  pids: Record<string, number>;
  /** Where its NATS tells what it counted. */
  busUrl?: string;
}

/** Everything that was started for a run. */
export interface Arena {
  contestants: Contestant[];
  /** Product and version of the database server that all share. */
  database: string;
  /** For what goes beside the protocol: preparing members and groups in bulk. */
  teahouse:
    | {
        url: string;
        urls: readonly string[];
        groupDbUrl: string;
        groupArchiveDbUrl: string | undefined;
        more: StartMore;
      }
    | undefined;
  close(): Promise<void>;
}

const DATA_DIR = join(import.meta.dirname, '..', '.data');
const TMPFS_MAGIC = 0x01021994;

/** What Teahouse runs with beside the usual. */
export interface ArenaOptions {
  /** Gives group-chat an archive; how long messages stay in the hot database. */
  retention?: Readonly<Record<'HOT_MAX_ROWS' | 'HOT_MAX_AGE_DAYS', string>>;
  /** for each of its processes */
  env?: NodeJS.ProcessEnv;
  /** one where it is missing */
  gateways?: number;
}

/** What Teahouse is measured beside: by default the first, which needs nothing installed. */
export const peerNames = ['socket.io', 'ejabberd'] as const;

/** The names by which `--only` picks one. */
export const contestantNames = ['teahouse', ...peerNames] as const;

interface Started {
  mysql: PrivateServer;
  databasePid: number;
  stops: (() => Promise<unknown>)[];
}

async function databaseUrl(mysql: PrivateServer, name: string): Promise<string> {
  await withConnection(mysql.url, (connection) => connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`));
  const url = new URL(mysql.url);
  url.pathname = `/${name}`;
  return url.href;
}

async function teahouse({ mysql, databasePid, stops }: Started, { retention, env, gateways }: ArenaOptions) {
  const nats = await startNats(join(DATA_DIR, 'nats'));
  stops.push(() => nats.stop());
  const groupDbUrl = await databaseUrl(mysql, 'group_chat');
  const groupArchiveDbUrl = retention && (await databaseUrl(mysql, 'group_archive'));
  const started = await startTeahouse({
    natsUrl: nats.url,
    authDbUrl: await databaseUrl(mysql, 'auth'),
    groupDbUrl,
    privateDbUrl: await databaseUrl(mysql, 'private_chat'),
    gateways: gateways ?? 1,
    env: { ...env, ...(groupArchiveDbUrl && { GROUP_ARCHIVE_DB_URL: groupArchiveDbUrl }), ...retention },
  });
  const pids: Record<string, number> = { nats: childNamed('nats-server'), database: databasePid };
  for (const [name, running] of started.processes) {
    pids[name] = running.pid;
    stops.push(() => running.stop());
  }
  return {
    contestant: { adapter: teahouseAdapter(started.url), pids, busUrl: nats.monitorUrl },
    url: started.url,
    urls: started.urls,
    more: started.more,
    groupDbUrl,
    groupArchiveDbUrl,
  };
}

async function socketIo({ mysql, databasePid, stops }: Started): Promise<Contestant> {
  const peer = await startPeerProcess(await databaseUrl(mysql, 'peer'));
  stops.push(() => peer.process.stop());
  return { adapter: socketIoAdapter(peer.url), pids: { peer: peer.process.pid, database: databasePid } };
}

async function ejabberd({ mysql, databasePid, stops }: Started): Promise<Contestant> {
  const archiveUrl = await databaseUrl(mysql, 'ejabberd');
  const { url, process } = await startEjabberd(archiveUrl, join(DATA_DIR, 'ejabberd'));
  stops.push(() => process.stop());
  return { adapter: ejabberdAdapter(url, archiveUrl), pids: { ejabberd: process.pid, database: databasePid } };
}

async function versionOf(mysql: PrivateServer): Promise<string> {
  const [rows] = await withConnection(mysql.url, (connection) => connection.query('SELECT VERSION() AS version'));
  const version = (rows as { version: string }[])[0]?.version ?? 'unknown';
  return version.includes('MariaDB') ? `MariaDB ${version.split('-')[0]}` : `MySQL ${version}`;
}

/**
 * Starts one database server, and on it the servers to compare; they idle while another is under load.
 * The data lies in `bench/.data`, which must be on a real disk, and is removed before and afterwards.
 */
export async function openArena(wanted: readonly string[], options: ArenaOptions = {}): Promise<Arena> {
  await rm(DATA_DIR, { recursive: true, force: true });
  await mkdir(DATA_DIR, { recursive: true });
  const stops: (() => Promise<unknown>)[] = [() => rm(DATA_DIR, { recursive: true, force: true })];
  const close = async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  try {
    if ((await statfs(DATA_DIR)).type === TMPFS_MAGIC)
      throw new Error(`${DATA_DIR} is in memory: commits would be free.`);
    const mysql = await startMysql(join(DATA_DIR, 'mysql'));
    stops.push(() => mysql.stop());
    const started: Started = { mysql, databasePid: childNamed('mariadbd', 'mysqld'), stops };
    const contestants: Contestant[] = [];
    const ours = wanted.includes('teahouse') ? await teahouse(started, options) : undefined;
    if (ours) contestants.push(ours.contestant);
    if (wanted.includes('socket.io')) contestants.push(await socketIo(started));
    if (wanted.includes('ejabberd')) contestants.push(await ejabberd(started));
    return { contestants, database: await versionOf(mysql), teahouse: ours, close };
  } catch (error) {
    await close();
    throw error;
  }
}
