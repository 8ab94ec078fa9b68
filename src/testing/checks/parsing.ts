import { isDeepStrictEqual } from 'node:util';
import { UnreadableEventError } from '../../errors.ts';
import type { EventDraft } from '../../model/event.ts';
import { isJsonObject, type JsonValue } from '../../model/json.ts';
import type { Source } from '../../sources/define-source.ts';
import { isForm, parseBody } from '../../sources/parse-body.ts';
import { type ConformanceCheck, describeThrown, describeValue } from '../check.ts';
import { ConformanceError } from '../conformance-error.ts';
import { damagedBodies } from '../damaged-bodies.ts';
import type { SampleDelivery } from '../source-under-test.ts';
import { readDrafts, readEvents, type SignedDelivery, type Subject } from '../subject.ts';

const deep = JSON.parse('['.repeat(2_000) + ']'.repeat(2_000)) as JsonValue;
/** What is JSON, and no event of any vendor. */
const garbage: readonly JsonValue[] = [null, true, 1, 'x', '', [], [null], [[]], {}, deep];
/** What comes out where nothing was put into text. */
const nothings = ['undefined', 'null', 'NaN', '[object Object]'];

/** That an adapter reads what the vendor sends, and says so where it cannot. */
export function parsingChecks(subject: Subject): ConformanceCheck[] {
  return [
    {
      id: 'parsing/sample',
      name: 'parsing: reads each sample, the first one about a record',
      async run() {
        const source = subject.make();
        for (const delivery of subject.deliveries) {
          const signed = await subject.sign(delivery);
          const events = readEvents(source, signed);
          const drafts = readDrafts(source, signed);
          for (const draft of drafts) mustBeWhole(draft);
          compare(delivery, drafts);
          if (delivery !== subject.first || events[0]?.entity !== null) continue;
          throw new ConformanceError({
            expected: 'a record that the first delivery is about',
            actual: 'entity is null: the event would complete as ignored',
            remedy: 'put a delivery first that is about a record which the adapter keeps',
          });
        }
      },
    },
    {
      id: 'parsing/stable',
      name: 'parsing: reads the same in the same body, whenever it is read',
      async run() {
        const [source, another] = [subject.make(), subject.make()];
        for (const delivery of subject.deliveries) {
          const signed = await subject.sign(delivery);
          const before = readDrafts(source, signed);
          for (const again of [readDrafts(source, signed), readDrafts(another, signed)]) {
            mustEqual(before, again, 'the same body read twice', 'keep no state, and look at no clock');
          }
        }
      },
    },
    {
      id: 'parsing/layout',
      name: 'parsing: does not depend on the order of keys, nor on white space',
      async run() {
        const source = subject.make();
        for (const delivery of subject.deliveries) {
          const signed = await subject.sign(delivery);
          const turned = { ...signed, body: laidOutOtherwise(signed) };
          mustEqual(
            readDrafts(source, signed),
            readDrafts(source, turned),
            'the same body with its keys in another order',
            'look values up by their names',
          );
        }
      },
    },
    {
      id: 'parsing/garbage',
      name: 'parsing: says of what is no event that it is unreadable, or about nothing',
      async run() {
        const source = subject.make();
        const { headers } = await subject.sign(subject.first);
        for (const body of garbage) mayBeUnreadable(source, body, headers, describeValue(body));
      },
    },
    {
      id: 'parsing/damaged',
      name: 'parsing: says of a damaged event that it is unreadable, or makes sense of it',
      async run() {
        const source = subject.make();
        for (const delivery of subject.deliveries) {
          const { body, headers } = await subject.sign(delivery);
          for (const { damaged, what } of damagedBodies(parseBody({ body, headers }))) {
            mayBeUnreadable(source, damaged, headers, `the sample with ${what}`);
          }
        }
      },
    },
  ];
}

function compare({ reads = {} }: SampleDelivery, [draft]: readonly EventDraft[]): void {
  for (const [part, expected] of Object.entries(reads)) {
    const actual = draft?.[part as keyof EventDraft];
    if (isDeepStrictEqual(actual, expected)) continue;
    throw new ConformanceError({
      expected: `${part}: ${describeValue(expected)} in the sample`,
      actual: `the adapter reads ${describeValue(actual)}`,
      remedy: 'compare readEvent with the sample, and the sample with the vendor',
    });
  }
}

/** Throws where a part is of another type, or where it was made of nothing. */
function mustBeWhole(draft: EventDraft): void {
  const { id, type, entity } = draft;
  const ofEntity = entity === null ? {} : { 'entity.type': entity.type, 'entity.id': entity.id };
  for (const [name, value] of Object.entries({ id, type, ...ofEntity })) {
    if (typeof value === 'string' && !nothings.includes(value)) continue;
    throw new ConformanceError({
      expected: `a text as the event's ${name}`,
      actual: `it is ${describeValue(value)}`,
      remedy:
        'check the body with a schema first: two events would have one id, or one record the name of another',
    });
  }
  if (typeof draft.deletes !== 'boolean') {
    throw new ConformanceError({
      expected: 'true or false as "deletes"',
      actual: `it is ${describeValue(draft.deletes)}`,
      remedy: 'say true where the event announces that the record is gone, else false',
    });
  }
}

function mayBeUnreadable(
  source: Source,
  body: JsonValue,
  headers: SignedDelivery['headers'],
  what: string,
): void {
  let drafts: EventDraft[];
  try {
    const parts = source.split?.({ body, headers }) ?? [body];
    drafts = parts.map((part) => source.readEvent({ body: part, headers }));
  } catch (error) {
    if (error instanceof UnreadableEventError) return;
    throw new ConformanceError({
      expected: `that ${what} is read, or unreadable (UnreadableEventError)`,
      actual: `the adapter threw ${describeThrown(error)}`,
      remedy:
        'check the body with a schema (safeParse), and throw UnreadableEventError where it does not fit',
      cause: error,
    });
  }
  for (const draft of drafts) {
    try {
      mustBeWhole(draft);
    } catch (error) {
      if (!(error instanceof ConformanceError)) throw error;
      const { expected, actual, remedy } = error;
      throw new ConformanceError({
        expected: `${expected}, or UnreadableEventError, of ${what}`,
        actual,
        remedy,
      });
    }
  }
}

function mustEqual(before: unknown, after: unknown, what: string, remedy: string): void {
  if (isDeepStrictEqual(before, after)) return;
  throw new ConformanceError({
    expected: `that ${what} is the same event: ${describeValue(before)}`,
    actual: `it is ${describeValue(after)}`,
    remedy,
  });
}

function laidOutOtherwise({ body, headers }: SignedDelivery): Buffer {
  if (isForm(headers['content-type'])) {
    return Buffer.from(new URLSearchParams([...new URLSearchParams(body.toString())].reverse()).toString());
  }
  return Buffer.from(JSON.stringify(reversed(JSON.parse(body.toString()) as JsonValue), null, 3));
}

function reversed(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(reversed);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, each]) => [name, reversed(each)]),
  );
}
