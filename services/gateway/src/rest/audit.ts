import {
  type Administrator,
  type AuditDomain,
  type AuditEntry,
  type AuditRecord,
  auditDomains,
  authCalls,
  groupCalls,
  iso,
  TeahouseError,
} from '@teahouse/contracts';
import type { Ask } from './asking.js';

interface Wanted {
  readonly limit?: number;
  readonly domain?: AuditDomain;
  readonly beforeAuth?: number;
  readonly beforeGroup?: number;
}

interface AuditPage {
  readonly entries: AuditEntry[];
  readonly more: boolean;
  readonly next: { beforeAuth?: number; beforeGroup?: number };
  readonly unavailable?: AuditDomain[];
}

const pageSize = 50;
const cursors = { auth: 'beforeAuth', group: 'beforeGroup' } as const;

/**
 * One page of what the domains have done, by time, and where each of them goes on. Without those that are down, which
 * are named; UNAVAILABLE where all that were asked are.
 */
export async function auditPage(ask: Ask, by: Administrator, wanted: Wanted): Promise<AuditPage> {
  const { limit = pageSize } = wanted;
  const domains = auditDomains.filter((domain) => wanted.domain === undefined || wanted.domain === domain);
  const parts = await Promise.all(
    domains.map(async (domain) => {
      const before = wanted[cursors[domain]];
      const page = { limit, ...(before === undefined ? {} : { before }) };
      const asked = domain === 'auth' ? ask(authCalls.audit, { by, ...page }) : ask(groupCalls.audit, page);
      return { domain, before, ...(await asked.catch(unlessDown)) };
    }),
  );
  const unavailable = parts.filter(({ entries }) => entries === undefined).map(({ domain }) => domain);
  if (unavailable.length === domains.length) throw new TeahouseError('UNAVAILABLE');

  const lines = parts.map(({ domain, before, entries = [], more = false }) => ({
    domain,
    before,
    entries,
    more,
    taken: 0,
  }));
  const entries: AuditEntry[] = [];
  while (entries.length < limit) {
    // In each domain by id, which is what the next page goes by: clocks of instances differ.
    const [newest] = lines
      .filter((line) => line.taken < line.entries.length)
      .sort((a, b) => headOf(b).time - headOf(a).time);
    if (newest === undefined) break;
    const { time, ...record } = headOf(newest);
    newest.taken++;
    newest.before = record.id;
    entries.push({ domain: newest.domain, ...record, time: iso(time) });
  }
  const next: AuditPage['next'] = {};
  for (const { domain, before } of lines) if (before !== undefined) next[cursors[domain]] = before;
  return {
    entries,
    more: lines.some((line) => line.more || line.taken < line.entries.length),
    next,
    ...(unavailable.length === 0 ? {} : { unavailable }),
  };
}

const headOf = (line: { entries: readonly AuditRecord[]; taken: number }) => line.entries[line.taken] as AuditRecord;

function unlessDown(error: unknown): { entries?: AuditRecord[]; more?: boolean } {
  if (error instanceof TeahouseError && error.code === 'UNAVAILABLE') return {};
  throw error;
}
