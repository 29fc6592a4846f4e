import { commonConfig, databaseUrl } from '@teahouse/service-kit';
import Type, { type Static } from 'typebox';

/** The environment of private-chat. */
export const privateChatConfig = Type.Object({
  ...commonConfig(8013),
  PRIVATE_DB_URL: databaseUrl('conversations between two people and their recent messages'),
});
export type PrivateChatConfig = Static<typeof privateChatConfig>;
