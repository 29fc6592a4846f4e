import { groupsSuite } from './groups-suite.js';
import { memorySetup } from './setups.js';

for (const suite of [groupsSuite]) suite('memory and SQLite', memorySetup);
