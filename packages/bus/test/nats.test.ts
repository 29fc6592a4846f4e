import { connectNats } from '@teahouse/bus';
import { testNats } from '@teahouse/test';
import t from 'tap';
import { conformance } from './conformance.js';

const nats = await testNats();
t.teardown(() => nats.stop());

conformance('NATS', (name) => connectNats({ servers: nats.url, name }));
