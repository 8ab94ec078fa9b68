import type { BulkKind } from '../model/bulk.ts';
import type { DeadLetterEntry, DeadLetterRef } from '../model/dead-letter.ts';
import { deadLetterWorkflowId } from '../model/ids.ts';
import type { DeadLetters, Decided } from '../temporal/dead-letters.ts';
import type { DecisionMade } from './decide-options.ts';
import { exitCodes } from './exit-codes.ts';
import { oneLine } from './one-line.ts';

/**
 * Decides about one dead letter, and says what came of it.
 *
 * @param options.wait - milliseconds; false: it is sent, and no answer waited for
 * @returns the exit code
 * @throws what `DeadLetters` throws
 */
export async function decideOne(
  deadLetters: DeadLetters,
  kind: BulkKind,
  ref: DeadLetterRef,
  decision: DecisionMade,
  { wait, json = false }: { wait: number | false; json?: boolean },
): Promise<number> {
  const id = deadLetterWorkflowId(ref.source, ref.eventId);
  const { answered, entries } = await send(deadLetters, kind, ref, decision, wait === false ? 0 : wait);
  if (json) {
    console.log(JSON.stringify({ id, answered, entries }));
  } else {
    for (const entry of entries) console.log(oneLine(`${id}: ${entry.what}: ${entry.text}`));
    if (!answered) console.log(`${id}: no answer yet; it goes on: landfall dead-letters show ${id}`);
  }
  const done = wait === false || answered;
  return done && !entries.some(isBad) ? exitCodes.done : exitCodes.failed;
}

function send(
  deadLetters: DeadLetters,
  kind: BulkKind,
  ref: DeadLetterRef,
  { by, reason, owner = '', via }: DecisionMade,
  wait: number,
): Promise<Decided> {
  switch (kind) {
    case 'replay':
      return deadLetters.replay(ref, { by, reason, via }, wait);
    case 'discard':
      return deadLetters.discard(ref, { by, reason, via }, wait);
    case 'investigate':
      return deadLetters.investigate(ref, { by, owner, note: reason, via }, wait);
  }
}

function isBad({ what }: DeadLetterEntry): boolean {
  return what === 'failed' || what === 'refused';
}
