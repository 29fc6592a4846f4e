import type { Param } from './types.js';

/** The rows of a bulk INSERT: `(?,?),(?,?)` and the flat list of what is bound. All rows have the length of the first. */
export function values(rows: readonly (readonly Param[])[]): { sql: string; params: Param[] } {
  const width = rows[0]?.length ?? 0;
  if (width === 0 || rows.some((row) => row.length !== width))
    throw new RangeError('values() needs rows of one length');
  const row = `(${'?,'.repeat(width - 1)}?)`;
  return { sql: `${`${row},`.repeat(rows.length - 1)}${row}`, params: rows.flat() };
}

/** The list of an IN: `(?,?,?)`. SQL has no empty list. */
export function list(params: readonly Param[]): { sql: string; params: readonly Param[] } {
  if (params.length === 0) throw new RangeError('list() needs at least one value');
  return { sql: `(${'?,'.repeat(params.length - 1)}?)`, params };
}

/** Refuses what drivers would silently expand, turn into SQL of their own, or store as NULL. */
export function checkParams(params: readonly unknown[]): void {
  for (const value of params) {
    const scalar =
      typeof value === 'string' || typeof value === 'bigint' || typeof value === 'boolean' || value === null;
    if (!scalar && !(typeof value === 'number' && Number.isFinite(value)) && !Buffer.isBuffer(value)) {
      throw new TypeError(`A ${Array.isArray(value) ? 'list' : typeof value} cannot be bound to one placeholder.`);
    }
  }
}
