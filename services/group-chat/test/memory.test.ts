import { groupsSuite } from './groups-suite.js';
import { membersSuite } from './members-suite.js';
import { memorySetup } from './setups.js';

for (const suite of [groupsSuite, membersSuite]) suite('memory and SQLite', memorySetup);
