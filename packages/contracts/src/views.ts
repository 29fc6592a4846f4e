import Type, { type Static } from 'typebox';
import { LoginId } from './calls/auth.js';
import { EpochMs, GroupId, SystemRole, User, UserId, Username } from './scalars.js';

/*
 * Views: what an owner writes after its commit so that others can read it while the owner is down.
 * Each entry has a version; an older one never replaces a newer.
 */

/** `keys`, written by auth: kid → public signing key (SPKI, PEM), kept for a token's life after rotation. */
export const KeyEntry = Type.Object({ kid: Type.String(), publicKey: Type.String(), until: Type.Optional(EpochMs) });
export type KeyEntry = Static<typeof KeyEntry>;

/** `revocations`, written by auth: login id → until when tokens of this ended login could still be alive. */
export const RevocationEntry = Type.Object({ userId: UserId, until: EpochMs });
export type RevocationEntry = Static<typeof RevocationEntry>;

/** `profiles`, written by auth: user id → names and role. */
export const ProfileEntry = User;
export type ProfileEntry = User;

/** `memberships`, written by group-chat: user id → ids of the groups one is in that are not dissolved. No entry: the official group. */
export const MembershipEntry = Type.Object({ groups: Type.Array(GroupId) });
export type MembershipEntry = Static<typeof MembershipEntry>;

export const views = {
  keys: 'keys',
  revocations: 'revocations',
  profiles: 'profiles',
  memberships: 'memberships',
} as const;

/** Claims of an access token, ES256 with `kid`; issuer and audience are `teahouse`. */
export const TokenClaims = Type.Object({
  sub: Type.String({ pattern: '^[1-9][0-9]*$', description: 'user id' }),
  sid: LoginId,
  username: Username,
  role: SystemRole,
  iat: Type.Integer(),
  exp: Type.Integer(),
  iss: Type.Literal('teahouse'),
  aud: Type.Literal('teahouse'),
});
export type TokenClaims = Static<typeof TokenClaims>;

/** The official group exists after the first start; everybody is a member. */
export const officialGroup = { id: 1, groupNumber: 10000, groupName: '官方群' } as const;
export const firstGroupNumber = 88888888;
