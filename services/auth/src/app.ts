import type { Bus } from '@teahouse/bus';
import { type Log, type Readiness, settledWithin } from '@teahouse/service-kit';
import type { Database } from '@teahouse/service-kit/database';
import { Accounts } from './accounts.js';
import { Administration } from './admin.js';
import { AdminStore } from './admin-store.js';
import type { AuthConfig } from './config.js';
import { serveAuth } from './endpoints.js';
import { KeyRing } from './keys.js';
import { LoginLimits } from './limits.js';
import { LoginStore } from './login-store.js';
import { Logins } from './logins.js';
import { Passwords } from './passwords.js';
import { Repair } from './repair.js';
import { seed } from './seed.js';
import { SeenWriter } from './seen.js';
import { UserStore } from './store.js';
import { TokenLives } from './token-lives.js';
import { AuthViews, slackMs } from './views.js';

/** How long the start waits for the views; a bus that is slower gets them while calls are answered already. */
const firstViewsMs = 2000;
/** Less than the process has: the bus and the database are closed after it. */
const closeMs = 6000;

export interface AuthDependencies {
  readonly bus: Bus;
  readonly database: Database;
  readonly config: AuthConfig;
  readonly log: Log;
}

export interface Auth {
  ready(): Readiness;
  /** Answers what is under way, then stops; bounded by 6 s. The bus and the database stay open: they are the caller's. */
  close(): Promise<void>;
}

/** Starts the service: resolves when it answers calls. @throws ConfigError where the key file is no use. */
export async function startAuth({ bus, database, config, log }: AuthDependencies): Promise<Auth> {
  const tokenTtlMs = config.TOKEN_TTL_SECONDS * 1000;
  const users = new UserStore(database);
  const loginStore = new LoginStore(database);
  const passwords = await Passwords.create();
  const lives = new TokenLives(database, tokenTtlMs, slackMs);
  await lives.note();
  const views = new AuthViews(bus, users, loginStore, lives, log);
  const file = config.JWT_PRIVATE_KEY_FILE;
  const keys = await KeyRing.open(database, views, { tokenTtlMs, ...(file === undefined ? {} : { file }) });
  await seed(config, users, passwords);

  const repair = new Repair(bus, database, users, loginStore, views, keys, lives, log);
  await repair.first(firstViewsMs);
  const logins = new Logins(loginStore, views, keys.active, config.TOKEN_TTL_SECONDS);
  const accounts = new Accounts(users, logins, passwords, new LoginLimits(config.RATE_LOGINS_PER_MINUTE), views);
  const administration = new Administration(database, new AdminStore(database), passwords, views);
  const seen = new SeenWriter(users, log);
  const subscriptions = serveAuth(bus, { accounts, logins, administration, seen });
  await bus.flush().catch((error) => log.warn({ err: error }, 'the bus has not yet confirmed the calls'));

  const close = async () => {
    await Promise.all(subscriptions.map((subscription) => subscription.drain()));
    await Promise.all([seen.stop(), repair.stop()]);
  };
  let closing: Promise<boolean> | undefined;
  return {
    ready: () => ({
      ok: bus.connected && repair.keysTold && closing === undefined,
      details: { bus: bus.connected, keys: repair.keysTold },
    }),
    async close() {
      closing ??= settledWithin(close(), closeMs);
      await closing;
    },
  };
}
