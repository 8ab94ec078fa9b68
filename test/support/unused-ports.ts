import type { DeadLetterCases, EntityRuns, EventRuns, TemporalPort } from '../../activities/dependencies.ts';

const notAsked = () => Promise.reject(new Error('not asked'));

/** For activities that ask nothing of Temporal. */
export const unusedPorts: {
  temporal: TemporalPort;
  runs: EventRuns;
  cases: DeadLetterCases;
  entityRuns: EntityRuns;
} = {
  temporal: {
    openDeadLetter: notAsked,
    describeRun: notAsked,
    waitForTurn: notAsked,
    replayDeadLetter: notAsked,
    isHeld: notAsked,
    beginHold: notAsked,
    countHeld: notAsked,
    listHeld: notAsked,
    listProcessed: notAsked,
    tellHeld: notAsked,
    listOpenWork: notAsked,
  },
  runs: {
    find: notAsked,
    latest: notAsked,
    readEvent: notAsked,
    begin: notAsked,
    waitFor: notAsked,
  },
  cases: {
    find: notAsked,
    decide: notAsked,
    read: notAsked,
  },
  entityRuns: { find: notAsked, look: notAsked, end: notAsked, delete: notAsked },
};
