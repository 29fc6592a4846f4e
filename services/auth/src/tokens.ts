import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { TokenClaims, User } from '@teahouse/contracts';
import jwt from 'jsonwebtoken';

/** A P-256 key and its public half. */
export interface SigningKey {
  /** Names the key in tokens and in the view `keys`: the start of the SHA-256 of the public key. */
  readonly kid: string;
  /** A KeyObject: given text, jsonwebtoken would parse it anew for every token. */
  readonly privateKey: KeyObject;
  /** SPKI, PEM. */
  readonly publicKey: string;
}

/** @throws Error whose message says what is wrong with the key, without repeating it. */
export function readSigningKey(pem: string): SigningKey {
  const privateKey = createPrivateKey(pem);
  if (privateKey.asymmetricKeyType !== 'ec' || privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new Error('not a P-256 key');
  }
  const publicKey = createPublicKey(privateKey);
  const kid = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url')
    .slice(0, 22);
  return { kid, privateKey, publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}

/** A new private key, PKCS #8, PEM. */
export function makeSigningKey(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
}

/** An access token, `TokenClaims` signed with ES256. @param ttlSeconds its life. */
export function signToken(key: SigningKey, user: User, loginId: string, ttlSeconds: number): string {
  const claims: Pick<TokenClaims, 'sid' | 'username' | 'role'> = {
    sid: loginId,
    username: user.username,
    role: user.role,
  };
  return jwt.sign(claims, key.privateKey, {
    algorithm: 'ES256',
    keyid: key.kid,
    subject: String(user.id),
    issuer: 'teahouse',
    audience: 'teahouse',
    expiresIn: ttlSeconds,
  });
}
