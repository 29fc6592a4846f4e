import { accountsSuite } from './accounts-suite.js';
import { adminSuite } from './admin-suite.js';
import { loginsSuite } from './logins-suite.js';
import { repairSuite } from './repair-suite.js';
import { memorySetup } from './setups.js';

for (const suite of [accountsSuite, adminSuite, loginsSuite, repairSuite]) suite('memory and SQLite', memorySetup);
