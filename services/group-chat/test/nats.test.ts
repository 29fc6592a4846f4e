import { archiveSuite } from './archive-suite.js';
import { auditSuite } from './audit-suite.js';
import { groupsSuite } from './groups-suite.js';
import { membersSuite } from './members-suite.js';
import { messagesSuite } from './messages-suite.js';
import { natsSetup } from './setups.js';
import { viewsSuite } from './views-suite.js';

for (const suite of [archiveSuite, auditSuite, groupsSuite, membersSuite, messagesSuite, viewsSuite])
  suite('NATS and MariaDB', natsSetup);
