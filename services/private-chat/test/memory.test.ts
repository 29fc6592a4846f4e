import { archiveSuite } from './archive-suite.js';
import { readingSuite } from './reading-suite.js';
import { sendingSuite } from './sending-suite.js';
import { memorySetup } from './setups.js';

for (const suite of [sendingSuite, readingSuite, archiveSuite]) suite('memory and SQLite', memorySetup);
