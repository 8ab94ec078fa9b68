import type { RequestHandler } from 'express';
import { z } from 'zod';
import { bulkKinds, type LetterFilter } from '../../model/bulk.ts';
import type { Decision } from '../../model/dead-letter.ts';
import type { BulkRequest } from '../../temporal/bulk-actions.ts';
import { fieldsOf } from '../cross-site.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { wantsJson } from '../page.ts';
import { paths } from '../paths.ts';
import { given, required } from '../query.ts';
import { decider, readReason } from './decider.ts';

const time = z.union([z.literal('').transform(() => undefined), z.iso.datetime()]).optional();
const whole = (least: number) =>
  z
    .string()
    .regex(/^\d{1,7}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(least));
const schema = z.discriminatedUnion('action', [
  z.object({
    action: z.literal('begin'),
    kind: z.enum(bulkKinds, 'choose what to do'),
    reason: readReason,
    owner: given,
    source: given,
    type: given,
    error: given,
    openedBefore: time,
    openedAfter: time,
    canary: whole(0).optional(),
    perMinute: whole(1).optional(),
    atMost: z.union([z.literal('').transform(() => null), whole(1)]).optional(),
  }),
  z.object({ action: z.enum(['pause', 'resume', 'cancel']), id: required, reason: readReason }),
]);
type Begin = Extract<z.infer<typeof schema>, { action: 'begin' }>;

/** Begins a bulk action, or steers one. Its workflow writes each decision into the audit log. */
export function actInBulk({ bulk }: ConsoleDependencies): RequestHandler {
  return async (request, response) => {
    const asked = schema.parse(fieldsOf(request));
    const decision = { by: decider(request, response), reason: asked.reason, via: 'console' } as const;
    const id = asked.action === 'begin' ? (await bulk.begin(toRequest(asked, decision))).id : asked.id;
    if (asked.action !== 'begin') await bulk[asked.action](id, decision);
    if (wantsJson(request)) response.json({ id });
    else response.redirect(303, paths.bulkAction(id));
  };
}

function toRequest(begin: Begin, decision: Decision): BulkRequest {
  const { kind, owner, canary, perMinute, atMost, source, type, error, openedBefore, openedAfter } = begin;
  const filter = withoutUndefined({ source, type, error, openedBefore, openedAfter }) satisfies LetterFilter;
  return {
    ...decision,
    kind,
    filter,
    // An owner who stands in the field of another kind of action is of no account.
    ...(kind === 'investigate' ? { owner: owner ?? decision.by } : {}),
    ...withoutUndefined({ canary, perMinute, atMost }),
  };
}

function withoutUndefined<Values extends object>(
  values: Values,
): { [Name in keyof Values]?: Exclude<Values[Name], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Values]?: Exclude<Values[Name], undefined>;
  };
}
