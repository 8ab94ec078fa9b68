import { isDeepStrictEqual } from 'node:util';
import { compareVersions, describeVersion, readSourceTime, readVersionNumber } from '../../model/version.ts';
import type { LandfallEvent } from '../../model/event.ts';
import { type ConformanceCheck, describeValue } from '../check.ts';
import { ConformanceError } from '../conformance-error.ts';
import { bytesOf, readDrafts, readEvents, readFirst, type Subject } from '../subject.ts';

const hourMilliseconds = 3_600_000;
/** What vendors and proxies add to a second try of the same delivery. */
const retryHeaders = {
  'user-agent': 'another version of the vendor',
  'x-forwarded-for': '203.0.113.7',
  'x-retry-count': '2',
  'retry-count': '2',
  'x-slack-retry-num': '2',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
};

/** That events are told apart, put in order, and known again. */
export function eventChecks(subject: Subject): ConformanceCheck[] {
  const { given, first } = subject;
  return [
    {
      id: 'idempotency/again',
      name: 'idempotency: reads the same id in every delivery of an event',
      async run() {
        const source = subject.make();
        for (const delivery of subject.deliveries) {
          const now = Date.now();
          const before = readEvents(source, await subject.sign(delivery, { now }));
          const { body = delivery.body, headers = {} } = delivery.again ?? {};
          const again = await subject.sign(delivery, {
            now: now + hourMilliseconds,
            body: bytesOf({ body }),
            headers: { ...retryHeaders, ...headers },
          });
          mustBeTheSame(before, readEvents(source, again));
        }
      },
    },
    {
      id: 'idempotency/distinct',
      name: 'idempotency: reads another id in every other event',
      async run() {
        const source = subject.make();
        const seen = new Set<string>();
        for (const delivery of subject.deliveries) {
          for (const { id } of readEvents(source, await subject.sign(delivery))) {
            if (seen.has(id)) {
              throw new ConformanceError({
                expected: 'an id of its own for each of the samples',
                actual: `two of them have the id "${id}": the second one would count as a duplicate`,
                remedy:
                  'take the id of the event, not of its record; and give samples the ids that the vendor would',
              });
            }
            seen.add(id);
          }
        }
      },
    },
    {
      id: 'ordering/announced',
      name: 'ordering: announces versions and times that can be compared, or none',
      async run() {
        const source = subject.make();
        for (const delivery of subject.deliveries) {
          const signed = await subject.sign(delivery);
          for (const { announced, occurredAt } of readDrafts(source, signed)) {
            mustBeReadable('occurredAt', occurredAt, readSourceTime(occurredAt, signed.now));
            const { version = null, sourceTime = null } = announced ?? {};
            mustBeReadable('announced.version', version, readVersionNumber(version));
            mustBeReadable('announced.sourceTime', sourceTime, readSourceTime(sourceTime, signed.now));
          }
        }
      },
    },
    {
      id: 'ordering/later',
      name: 'ordering: announces a newer version when the record has changed again',
      async run() {
        if (given.later === null) return;
        const source = subject.make();
        const before = readFirst(source, await subject.sign(first));
        const after = readFirst(source, await subject.sign(given.later));
        mustBeAbout(before, after, '"later"');
        if (before.announced === null && after.announced === null) return;
        const order =
          before.announced === null || after.announced === null
            ? 'unknown'
            : compareVersions(after.announced, before.announced);
        if (order === 'newer') return;
        throw new ConformanceError({
          expected:
            'that the event in "later" announces a newer version of the record than the first delivery',
          actual: `it announces ${describe(after)} after ${describe(before)}: ${order}`,
          remedy: 'announce what counts the changes of the record, or null where the vendor does not say it',
        });
      },
    },
    {
      id: 'deletion/announced',
      name: 'deletion: reads that the record is gone in the event that says so, and in no other',
      async run() {
        const source = subject.make();
        const before = readFirst(source, await subject.sign(first));
        for (const delivery of subject.deliveries) {
          const event = readFirst(source, await subject.sign(delivery));
          const deletes = delivery === given.deletion || delivery.reads?.deletes === true;
          if (event.deletes === deletes) continue;
          throw new ConformanceError({
            expected: deletes
              ? 'that the event in "deletion" deletes'
              : `that "${event.type}" deletes nothing`,
            actual: `deletes is ${event.deletes}`,
            remedy: 'set "deletes" by what the vendor says in such an event: its type, or a mark in the body',
          });
        }
        if (given.deletion === null) return;
        mustBeAbout(before, readFirst(source, await subject.sign(given.deletion)), '"deletion"');
      },
    },
  ];
}

function mustBeTheSame(before: readonly LandfallEvent[], after: readonly LandfallEvent[]): void {
  const facts = (events: readonly LandfallEvent[]) =>
    events.map(({ id, type, entity, occurredAt, deletes }) => ({ id, type, entity, occurredAt, deletes }));
  if (isDeepStrictEqual(facts(before), facts(after))) return;
  throw new ConformanceError({
    expected: `that a second delivery of the event is the same one: ${describeValue(facts(before))}`,
    actual: `it is ${describeValue(facts(after))}`,
    remedy: 'take the id that the vendor gives the event, and no header or time of the delivery',
  });
}

function mustBeAbout(before: LandfallEvent, after: LandfallEvent, sample: string): void {
  if (isDeepStrictEqual(before.entity, after.entity)) return;
  throw new ConformanceError({
    expected: `that the event in ${sample} is about ${describeValue(before.entity)}, as the first delivery is`,
    actual: `it is about ${describeValue(after.entity)}`,
    remedy: 'give a sample about the same record, or look at how readEvent finds it',
  });
}

function mustBeReadable(part: string, value: unknown, read: string | null): void {
  if (value === null || value === undefined || read !== null) return;
  throw new ConformanceError({
    expected: `a ${part} that can be compared: ISO 8601 or Unix time, or a whole number; else null`,
    actual: `it is ${describeValue(value)}`,
    remedy: 'hand on what the vendor writes as it is, and null where it writes nothing',
  });
}

function describe({ announced }: LandfallEvent): string {
  return announced === null ? 'none' : describeVersion(announced);
}
