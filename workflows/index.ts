export { deadLetter } from './dead-letter.ts';
export { entityTurns } from './entity-turns.ts';
export { processEvent } from './process-event.ts';
export { reconcile } from './reconcile.ts';
