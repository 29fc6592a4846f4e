export { type Outcome, type Plan, runFuzz } from './run.js';
