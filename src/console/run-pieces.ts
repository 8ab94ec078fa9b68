import type { WorkflowExecutionStatusName } from '@temporalio/client';
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

/**
 * How an event, or a run of it, ended.
 *
 * @param status - of the run, which sets no outcome where it applied the event, or is still under way
 */
export function outcomeBadge(outcome: string, status: WorkflowExecutionStatusName = 'COMPLETED'): Html {
  if (outcome !== '') return badge(tones[outcome] ?? 'plain', outcome);
  if (status === 'COMPLETED') return badge('good', 'applied');
  return badge(status === 'RUNNING' ? 'plain' : 'bad', status.toLowerCase().replaceAll('_', ' '));
}
