export { deadLetter } from './dead-letter.ts';
export { entityTurns } from './entity-turns.ts';
export { hold } from './hold.ts';
export { processEvent } from './process-event.ts';
export { reconcile } from './reconcile.ts';
export { silence } from './silence.ts';
export { watch } from './watch.ts';
export { replayEvents } from './replay-events.ts';
