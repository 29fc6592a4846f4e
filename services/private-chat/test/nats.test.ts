import { natsSetup } from './setups.js';
import { privateSuite } from './suite.js';

privateSuite('NATS and MariaDB', natsSetup);
