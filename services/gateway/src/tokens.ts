import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import type { Bus } from '@teahouse/bus';
import {
  type KeyEntry,
  type RevocationEntry,
  type SystemRole,
  TeahouseError,
  TokenClaims,
  views,
} from '@teahouse/contracts';
import type { Log } from '@teahouse/service-kit';
import jwt from 'jsonwebtoken';
import { Compile } from 'typebox/compile';
import { LateView } from './views.js';

/** Who holds a token. */
export interface Holder {
  readonly userId: number;
  readonly username: string;
  readonly role: SystemRole;
  /** The login that the token came from. */
  readonly loginId: string;
}

interface Key {
  readonly kid: string;
  readonly key: KeyObject;
  readonly until: number;
}

/** A token whose signature and claims were found good. */
interface Checked {
  readonly kid: string;
  /** Unix milliseconds. */
  readonly until: number;
  readonly holder: Holder;
}

const claimsShape = Compile(TokenClaims);
const kidForm = /^[A-Za-z0-9_-]{1,64}$/;
/** Keys kept at most; there are two or three at any time. */
const maxKeys = 100;
/**
 * Checked tokens kept at most, about 200 bytes each beside what a connection has of them anyhow; beyond it the oldest is
 * checked again when it comes.
 */
const maxChecked = 10_000;
const clockToleranceSeconds = 5;

/**
 * Checks access tokens without asking auth: with the public keys and the ended logins that auth leaves on the bus. Keys
 * once seen are kept while the bus is away or has lost them.
 */
export class Tokens {
  readonly #keys = new Map<string, Key>();
  /** By the token's SHA-256. */
  readonly #checked = new Map<string, Checked>();
  readonly #keyView: LateView<KeyEntry>;
  readonly #revocations: LateView<RevocationEntry>;
  readonly #log: Log;

  constructor(bus: Bus, log: Log) {
    this.#log = log;
    this.#keyView = new LateView(bus, views.keys, log);
    this.#revocations = new LateView(bus, views.revocations, log);
  }

  /** Begins to follow both views. `onRevoked` hears every ended login, some of them more than once. */
  async start(onRevoked: (userId: number, loginId: string) => void): Promise<void> {
    const revoked = (loginId: string, entry: RevocationEntry | undefined) => {
      if (entry) onRevoked(entry.userId, loginId);
    };
    await Promise.all([this.#keyView.watch((kid, entry) => this.#learn(kid, entry)), this.#revocations.watch(revoked)]);
  }

  /**
   * Who holds this token. Rejects with UNAUTHENTICATED where it is not valid, and with UNAVAILABLE where its key is not
   * known and cannot be asked for. Does not look whether the login was ended since: see `isRevoked`.
   */
  async verify(token: string): Promise<Holder> {
    const now = Date.now();
    const digest = hash('sha256', token, 'base64');
    const checked = this.#checked.get(digest);
    const kid = checked?.kid ?? kidOf(token);
    const key = kid === undefined ? undefined : (this.#keys.get(kid) ?? (await this.#fetch(kid)));
    if (kid === undefined || !key || key.until <= now) throw invalid();
    // Clients that come back bring the same token again, and a signature takes 0.15 ms.
    if (checked && now < checked.until) return checked.holder;
    let claims: unknown;
    try {
      claims = jwt.verify(token, key.key, {
        algorithms: ['ES256'],
        issuer: 'teahouse',
        audience: 'teahouse',
        clockTolerance: clockToleranceSeconds,
      });
    } catch (cause) {
      this.#checked.delete(digest);
      throw cause instanceof jwt.TokenExpiredError
        ? invalid('The token has expired.', cause)
        : invalid(undefined, cause);
    }
    const holder = holderOf(claims);
    const { exp } = claims as TokenClaims;
    // The key's own text of its id, as each token brings one.
    this.#keep(digest, { kid: key.kid, until: (exp + clockToleranceSeconds) * 1000, holder });
    return holder;
  }

  #keep(digest: string, checked: Checked): void {
    this.#checked.delete(digest);
    if (this.#checked.size >= maxChecked) this.#checked.delete(this.#checked.keys().next().value as string);
    this.#checked.set(digest, checked);
  }

  /** Who holds a token that auth has just handed out over the bus. */
  trust(token: string): Holder {
    return holderOf(jwt.decode(token));
  }

  /**
   * Whether this login was ended. False, too, where the view cannot be read: without the bus a token is good until it
   * expires, and when the bus is back all ended logins are told again.
   */
  async isRevoked(loginId: string): Promise<boolean> {
    try {
      return (await this.#revocations.get(loginId)) !== undefined;
    } catch (err) {
      this.#log.warn({ err }, 'ended logins cannot be looked up');
      return false;
    }
  }

  close(): void {
    this.#keyView.close();
    this.#revocations.close();
  }

  async #fetch(kid: string): Promise<Key | undefined> {
    this.#learn(kid, await this.#keyView.get(kid));
    return this.#keys.get(kid);
  }

  #learn(kid: string, entry: KeyEntry | undefined): void {
    // A key that is gone from the view may have been lost with the bus's disk; auth ends one by `until`.
    if (!entry) return;
    if (this.#keys.size >= maxKeys && !this.#keys.has(kid)) {
      for (const [known, { until }] of this.#keys) if (until <= Date.now()) this.#keys.delete(known);
      if (this.#keys.size >= maxKeys) return;
    }
    try {
      this.#keys.set(kid, {
        kid,
        key: createPublicKey(entry.publicKey),
        until: entry.until ?? Number.POSITIVE_INFINITY,
      });
    } catch (err) {
      this.#log.error({ err, kid }, 'a public key cannot be read');
    }
  }
}

function kidOf(token: string): string | undefined {
  try {
    const kid = jwt.decode(token, { complete: true })?.header.kid;
    return typeof kid === 'string' && kidForm.test(kid) ? kid : undefined;
  } catch {
    // A payload that is no JSON makes it throw.
    return undefined;
  }
}

const invalid = (sentence = 'The token is not valid.', cause?: unknown) =>
  new TeahouseError('UNAUTHENTICATED', sentence, { cause });

function holderOf(claims: unknown): Holder {
  if (!claimsShape.Check(claims)) throw invalid();
  return { userId: Number(claims.sub), username: claims.username, role: claims.role, loginId: claims.sid };
}
