import * as workflows from '../../../workflows/index.ts';
import { oneMoreStep } from './one-more-step.ts';

/** The same change without a patch: what it should never be. */
const change = oneMoreStep(() => true);
export const bulkAction = change(workflows.bulkAction);
export const deadLetter = change(workflows.deadLetter);
export const entityTurns = change(workflows.entityTurns);
export const eraseEntity = change(workflows.eraseEntity);
export const hold = change(workflows.hold);
export const judgeAlerts = change(workflows.judgeAlerts);
export const processEvent = change(workflows.processEvent);
export const purge = change(workflows.purge);
export const reconcile = change(workflows.reconcile);
export const replayEvents = change(workflows.replayEvents);
export const silence = change(workflows.silence);
export const watch = change(workflows.watch);
