export { kinds } from './faults/index.js';
export { type Plan, type Result, runFaults } from './run.js';
export { tableOf } from './table.js';
