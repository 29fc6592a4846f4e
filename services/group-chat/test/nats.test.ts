import { groupsSuite } from './groups-suite.js';
import { natsSetup } from './setups.js';

for (const suite of [groupsSuite]) suite('NATS and MariaDB', natsSetup);
