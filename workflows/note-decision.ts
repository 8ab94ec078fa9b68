import { patched } from '@temporalio/workflow';
import type { DecisionResult, NotedDecision } from '../src/model/audit.ts';
import { clip } from '../src/model/process-event.ts';
import { own } from './activity-options.ts';

const longestResult = 2_000;

/** A decision in the audit log. */
export interface Noted {
  /** Its line, for a run that continues as another one; null in runs of before there was a log. */
  id: string | null;
  /** Says there what came of it. */
  end(result: DecisionResult): Promise<void>;
}

/**
 * Writes a decision into the audit log. Called before it is carried out, so that there is none that the log does not know,
 * from wherever it came: the command line, the console, or the Temporal UI.
 */
export async function noteDecision(decision: Omit<NotedDecision, 'id'>): Promise<Noted> {
  if (!patched('audit-log')) return noted(null);
  const id = await own(`note who decided: ${decision.action}`).noteDecision(decision);
  return noted(id);
}

/** A decision that was noted before. */
export function noted(id: string | null): Noted {
  return {
    id,
    async end({ outcome, text }) {
      if (id === null) return;
      await own('note what came of it').endDecision({ id, outcome, text: clip(text, longestResult) });
    },
  };
}
