import { backpressureSuite } from './backpressure.ts';
import { burstSuite } from './burst.ts';
import { consoleSuite } from './console.ts';
import { costSuite } from './cost.ts';
import { duplicatesSuite } from './duplicates.ts';
import { peersSuite } from './peers.ts';
import { processingSuite } from './processing.ts';
import { receivingSuite } from './receiving.ts';
import { reconciliationSuite } from './reconciliation.ts';
import { soakSuite } from './soak.ts';
import type { Suite } from './suite.ts';

/** Every suite, in the order in which they run: those that leave a backlog behind come last. */
export const suites: readonly Suite[] = [
  processingSuite,
  duplicatesSuite,
  costSuite,
  reconciliationSuite,
  consoleSuite,
  receivingSuite,
  burstSuite,
  peersSuite,
  soakSuite,
  backpressureSuite,
];

/** Run only where they are asked for: they take hours. */
export const onlyOnRequest: ReadonlySet<string> = new Set([soakSuite.name, backpressureSuite.name]);

/** Takes no quick look by itself: each of its sides has servers of its own to start. */
export const notQuick: ReadonlySet<string> = new Set([peersSuite.name]);
