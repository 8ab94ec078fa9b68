import pc from 'picocolors';
import { z } from 'zod';

const lineSchema = z.looseObject({
  level: z.string(),
  time: z.string(),
  msg: z.string().default(''),
  source: z.string().optional(),
  eventId: z.string().optional(),
  eventType: z.string().optional(),
  entity: z.object({ type: z.string(), id: z.string() }).nullish(),
  version: z.string().nullish(),
  outcome: z.string().optional(),
  foundBy: z.string().optional(),
  reason: z.string().optional(),
  code: z.string().optional(),
  activity: z.string().optional(),
  count: z.number().optional(),
});
type Line = z.infer<typeof lineSchema>;

type Paint = (text: string) => string;

/** How often each thing happened. */
export type Tally = ReadonlyMap<string, number>;

/** Log lines as a person wants to follow them: one short line for each thing that happened to an event. */
export interface Display {
  /** Takes JSON lines, as the logger writes them. */
  write(text: string): void;
  tally(): Tally;
}

/** @param print - takes one line of text */
export function createDisplay(print: (text: string) => void): Display {
  const counts = new Map<string, number>();
  return {
    write(text) {
      for (const each of text.split('\n')) {
        const line = parseLine(each);
        if (line === null) continue;
        const shown = render(line);
        if (shown === null) continue;
        counts.set(shown.label, (counts.get(shown.label) ?? 0) + (line.count ?? 1));
        print(`${pc.dim(line.time.slice(11, 19))} ${shown.paint(shown.label.padEnd(13))} ${shown.text}`);
      }
    },
    tally: () => new Map(counts),
  };
}

function parseLine(text: string): Line | null {
  if (text.trim() === '') return null;
  try {
    const parsed = lineSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

const plain: Paint = (text) => text;
const deliveryLabels: Readonly<Record<string, [string, Paint]>> = {
  started: ['received', plain],
  duplicate: ['duplicate', pc.dim],
  inboxed: ['inboxed', pc.yellow],
  relayed: ['relayed', pc.yellow],
  unreadable: ['unreadable', pc.red],
  conflict: ['conflict', pc.yellow],
};
const outcomePaints: Readonly<Record<string, Paint>> = { applied: pc.green, deleted: pc.green };

function render(line: Line): { label: string; paint: Paint; text: string } | null {
  const about = describe(line);
  const delivery = deliveryLabels[line.msg];
  if (delivery !== undefined) return { label: delivery[0], paint: delivery[1], text: about };
  switch (line.msg) {
    case 'rejected':
    case 'rejected as well, within a second':
      return { label: 'rejected', paint: pc.red, text: describeRejection(line) };
    case 'processed': {
      const outcome = line.outcome ?? '';
      const repaired = line.foundBy === 'reconciliation' && outcomePaints[outcome] !== undefined;
      const paint = outcomePaints[outcome] ?? pc.dim;
      return repaired
        ? { label: 'repaired', paint: pc.cyan, text: `${about} ${pc.dim('found by reconciliation')}` }
        : { label: outcome, paint, text: about };
    }
    case 'an activity failed':
      return {
        label: 'retrying',
        paint: pc.dim,
        text: pc.dim(`${line.activity ?? ''} ${line.code ?? ''} ${line.reason ?? ''}`),
      };
    case 'dead letter':
      return {
        label: 'dead letter',
        paint: pc.red,
        text: `${line.source ?? ''}:${line.eventId ?? ''} ${line.code ?? ''}`,
      };
    case 'dead letter closed':
      return {
        label: 'closed',
        paint: pc.cyan,
        text: `dead-letter:${line.source ?? ''}:${line.eventId ?? ''}`,
      };
    case 'reconciled':
      return { label: 'reconciled', paint: pc.cyan, text: describeReport(line) };
    default:
      return ['warn', 'error', 'fatal'].includes(line.level)
        ? { label: line.level, paint: pc.yellow, text: line.msg }
        : null;
  }
}

function describe({ eventType, entity, eventId, version }: Line): string {
  const what = entity ? `${entity.type}/${entity.id}${version ? ` v${version}` : ''}` : '';
  return [eventType, what, pc.dim(eventId ?? '')]
    .filter((part) => part !== undefined && part !== '')
    .join(' ');
}

function describeRejection({ source = '', reason = '', count }: Line): string {
  return `${source} ${reason}${count === undefined ? '' : ` and ${count} more`}`;
}

const reportSchema = z.looseObject({
  source: z.string(),
  scanned: z.number(),
  missing: z.number(),
  stale: z.number(),
  repaired: z.number(),
});

function describeReport(line: Line): string {
  const report = reportSchema.safeParse(line);
  if (!report.success) return line.source ?? '';
  const { source, scanned, missing, stale, repaired } = report.data;
  return `${source}: ${scanned} scanned, ${missing} missing, ${stale} stale, ${repaired} repaired`;
}
