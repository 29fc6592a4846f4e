import { logBehaviour } from './behaviour.js';

logBehaviour('sqlite', async () => 'sqlite::memory:');
