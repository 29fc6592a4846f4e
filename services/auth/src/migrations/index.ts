import { CreateAudit1795500000000 } from './audit.js';
import { CreateAuthTables1764000000000 } from './create-tables.js';
import { CreateTokenLife1796000000000 } from './token-life.js';

/** In the order in which they run; never changed once released. */
export const authMigrations = [CreateAuthTables1764000000000, CreateAudit1795500000000, CreateTokenLife1796000000000];
