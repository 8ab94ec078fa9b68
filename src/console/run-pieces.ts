import type { WorkflowExecutionStatusName } from '@temporalio/client';
import { nameOutcome } from '../inspection/words.ts';
import type { Html } from './html.ts';
import { badge, type Tone } from './pieces.ts';

const tones: Readonly<Record<string, Tone>> = {
  applied: 'good',
  unchanged: 'good',
  deleted: 'good',
  duplicate: 'plain',
  ignored: 'plain',
  stale: 'plain',
  discarded: 'plain',
  'dead-lettered': 'bad',
};

/** How an event, or a run of it, ended: see `nameOutcome`. */
export function outcomeBadge(outcome: string, status: WorkflowExecutionStatusName = 'COMPLETED'): Html {
  const name = nameOutcome(outcome, status);
  const failed = outcome === '' && status !== 'COMPLETED' && status !== 'RUNNING';
  return badge(failed ? 'bad' : (tones[name] ?? 'plain'), name);
}
