import { CreateAuthTables1764000000000 } from './create-tables.js';

/** In the order in which they run; never changed once released. */
export const authMigrations = [CreateAuthTables1764000000000];
