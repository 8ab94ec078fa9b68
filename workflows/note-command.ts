import type { DeadLetterInput, DeadLetterState } from '../src/model/dead-letter.ts';
import { deadLetterWorkflowId } from '../src/model/ids.ts';
import { originOf, readDecision, readInvestigation } from './dead-letter-case.ts';
import { noteDecision } from './note-decision.ts';

/** A signal in the audit log. */
export interface NotedCommand {
  /** Notes the result, once the case has it in its record. */
  end(state: DeadLetterState): Promise<void>;
}

/** Notes a signal to a dead letter in the audit log, before it is obeyed. One that decides nothing is not noted. */
export async function noteCommand(
  { kind, value }: { kind: 'replay' | 'discard' | 'investigate' | 'resolved'; value: unknown },
  { source, eventId }: DeadLetterInput,
): Promise<NotedCommand> {
  const decision = readCommand(kind, value);
  if (decision === null) return { end: () => Promise.resolve() };
  const { end } = await noteDecision({
    ...decision,
    via: originOf(value),
    action: `dead-letter.${kind}`,
    source,
    target: deadLetterWorkflowId(source, eventId),
  });
  return {
    async end({ audit }) {
      const last = audit.at(-1);
      if (last === undefined) return;
      const failed = last.what === 'failed' || last.what === 'refused';
      await end({ outcome: failed ? 'failed' : 'done', text: `${last.what}: ${last.text}` });
    },
  };
}

function readCommand(kind: string, value: unknown): { by: string; reason: string } | null {
  if (kind === 'resolved') return null;
  if (kind !== 'investigate') {
    const decision = readDecision(value);
    return typeof decision === 'string' ? null : decision;
  }
  const wanted = readInvestigation(value);
  if (typeof wanted === 'string') return null;
  return { by: wanted.by, reason: `${wanted.note} (given to ${wanted.owner})` };
}
