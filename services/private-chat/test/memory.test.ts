import { memorySetup } from './setups.js';
import { privateSuite } from './suite.js';

privateSuite('memory and SQLite', memorySetup);
