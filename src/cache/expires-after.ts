export { toMilliseconds } from '../config/duration.js';
