import { readingSuite } from './reading-suite.js';
import { sendingSuite } from './sending-suite.js';
import { memorySetup } from './setups.js';

for (const suite of [sendingSuite, readingSuite]) suite('memory and SQLite', memorySetup);
