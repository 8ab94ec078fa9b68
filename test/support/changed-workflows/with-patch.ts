import { patched } from '@temporalio/workflow';
import * as workflows from '../../../workflows/index.ts';
import { oneMoreStep } from './one-more-step.ts';

/** The workflows of a next version, changed as docs/deploys.md has it: runs under way go on without the new step. */
const change = oneMoreStep(() => patched('one-more-step'));
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
