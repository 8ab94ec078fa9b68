import type { RequestHandler } from 'express';
import { z } from 'zod';
import { bulkKinds } from '../../model/bulk.ts';
import type { DeadLetterRef } from '../../model/dead-letter.ts';
import type { Decided } from '../../temporal/dead-letters.ts';
import { fieldsOf } from '../cross-site.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { wantsJson } from '../page.ts';
import { paths } from '../paths.ts';
import { given, required } from '../query.ts';
import { redactAll } from '../../monitoring/redact-all.ts';
import { decider, readReason } from './decider.ts';

const schema = z.object({
  kind: z.enum(bulkKinds),
  source: required,
  event: required,
  reason: readReason,
  owner: given,
});
/** For so long the answer is waited for; after that the page says how it goes on. */
const waitMilliseconds = 3_000;

/** Decides about one dead letter. The case itself writes the decision into the audit log, before it carries it out. */
export function decide({ deadLetters, redact }: ConsoleDependencies): RequestHandler {
  return async (request, response) => {
    const { kind, source, event, reason, owner } = schema.parse(fieldsOf(request));
    const by = decider(request, response);
    const ref = { source, eventId: event };
    const decided = await send(ref);
    if (wantsJson(request)) response.json(redactAll(decided, redact));
    else response.redirect(303, paths.deadLetter(ref, { told: kind }));

    function send(letter: DeadLetterRef): Promise<Decided> {
      const decision = { by, reason, via: 'console' } as const;
      switch (kind) {
        case 'replay':
          return deadLetters.replay(letter, decision, waitMilliseconds);
        case 'discard':
          return deadLetters.discard(letter, decision, waitMilliseconds);
        case 'investigate': {
          const investigation = { by, owner: owner ?? by, note: reason, via: 'console' } as const;
          return deadLetters.investigate(letter, investigation, waitMilliseconds);
        }
      }
    }
  };
}
