import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/*
 * A refresh token is base64url of: login id (16 bytes), family secret (32), own secret (32). The family secret stays the
 * same from one token to the next, the own secret does not. So a token that was once issued is told from a made-up one
 * without keeping the spent ones: only the former can make a login end by being used twice.
 */

const idBytes = 16;
const secretBytes = 32;

export interface RefreshToken {
  readonly loginId: string;
  readonly family: Buffer;
  readonly own: Buffer;
}

/** A token for a new login. */
export function makeRefreshToken(loginId: string): RefreshToken {
  return { loginId, family: randomBytes(secretBytes), own: randomBytes(secretBytes) };
}

/**
 * The token that follows a spent one. With a key it is always the same one, so that whoever did not get the answer may ask
 * again; nobody who has the spent token alone can make it.
 */
export function nextRefreshToken({ loginId, family, own }: RefreshToken, idempotencyKey?: string): RefreshToken {
  const next =
    idempotencyKey === undefined ? randomBytes(secretBytes) : createHmac('sha256', own).update(idempotencyKey).digest();
  return { loginId, family, own: next };
}

export function writeRefreshToken({ loginId, family, own }: RefreshToken): string {
  return Buffer.concat([Buffer.from(loginId.replaceAll('-', ''), 'hex'), family, own]).toString('base64url');
}

/** Undefined for anything that has not the form of a token. */
export function readRefreshToken(text: string): RefreshToken | undefined {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== idBytes + 2 * secretBytes || bytes.toString('base64url') !== text) return undefined;
  const hex = bytes.toString('hex', 0, idBytes);
  const loginId = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  return {
    loginId,
    family: bytes.subarray(idBytes, idBytes + secretBytes),
    own: bytes.subarray(idBytes + secretBytes),
  };
}

/** What is kept of a secret: 64 hexadecimal digits. 32 random bytes need no slow hash. */
export function hashSecret(secret: Buffer): string {
  return createHash('sha256').update(secret).digest('hex');
}

export function isSecret(secret: Buffer, hash: string): boolean {
  return timingSafeEqual(Buffer.from(hashSecret(secret), 'hex'), Buffer.from(hash, 'hex'));
}
