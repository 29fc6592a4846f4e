import { groupsSuite } from './groups-suite.js';
import { membersSuite } from './members-suite.js';
import { natsSetup } from './setups.js';

for (const suite of [groupsSuite, membersSuite]) suite('NATS and MariaDB', natsSetup);
