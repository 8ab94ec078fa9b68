import { and, desc, eq, gte, isNull, like, sql, type SQL } from 'drizzle-orm';
import type { AuditEntry, AuditFilter } from '../model/audit.ts';
import type { Database } from './database.ts';
import { audit } from './schema.ts';
import { storableText } from './storable-text.ts';
import type { Store } from './store.ts';

/** The table `audit`: lines are added and ended, never changed or deleted. */
export function createAudit(database: Database): Pick<Store, 'noteDecision' | 'endDecision' | 'listAudit'> {
  return {
    noteDecision: (decision) =>
      database.run(async (queries) => {
        const { by, target, reason } = decision;
        // As somebody may have typed them into a signal: what cannot be kept must not end the workflow that notes it.
        const typed = { by: storableText(by), target: storableText(target), reason: storableText(reason) };
        await queries
          .insert(audit)
          .values({ ...decision, ...typed, at: sql`now()` })
          .onConflictDoNothing({ target: audit.id });
      }),

    endDecision: (id, { outcome, text }) =>
      database.run(async (queries) => {
        await queries
          .update(audit)
          .set({ outcome, result: storableText(text), endedAt: sql`now()` })
          .where(and(eq(audit.id, id), isNull(audit.outcome)));
      }),

    listAudit: (filter, limit) =>
      database.run(async (queries) => {
        const rows = await queries
          .select()
          .from(audit)
          .where(and(...conditions(filter)))
          .orderBy(desc(audit.at), desc(audit.id))
          .limit(limit);
        return rows.map(toEntry);
      }),
  };
}

function conditions({ source, by, action, target, since, after }: AuditFilter): (SQL | undefined)[] {
  return [
    source === undefined ? undefined : eq(audit.source, source),
    by === undefined ? undefined : eq(audit.by, by),
    action === undefined ? undefined : ofAction(action),
    target === undefined ? undefined : eq(audit.target, target),
    since === undefined ? undefined : gte(audit.at, since),
    after === undefined
      ? undefined
      : sql`(${audit.at}, ${audit.id}) < (${after.at}::timestamptz, ${after.id})`,
  ];
}

function ofAction(action: string): SQL {
  if (!action.endsWith('*')) return eq(audit.action, action);
  const beginning = action.slice(0, -1).replaceAll(/[\\%_]/g, String.raw`\$&`);
  return like(audit.action, `${beginning}%`);
}

function toEntry({ outcome, result, endedAt, ...noted }: typeof audit.$inferSelect): AuditEntry {
  const ended = outcome !== null && result !== null && endedAt !== null;
  return { ...noted, result: ended ? { outcome, text: result, at: endedAt } : null };
}
