import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createAuditRecords } from '../../../activities/audit-records.ts';
import type { ActivityDependencies } from '../../../activities/dependencies.ts';
import type { AuditedRecords } from '../../../activities/types.ts';
import { VendorAnswerError, VendorUnavailableError } from '../../../src/errors.ts';
import type { EntityRef } from '../../../src/model/event.ts';
import { createLogger } from '../../../src/monitoring/logger.ts';
import { defineSource, type SourceRecord } from '../../../src/sources/define-source.ts';
import type { Store } from '../../../src/store/store.ts';
import { hmacScheme } from '../../../src/verification/hmac.ts';
import { buildApply } from '../../support/build-apply.ts';
import { openTestStore } from '../../support/receiver.ts';

const copies = 120;
let store: Store;
/** What the vendor says of a record instead of what our copy says: by its number. */
let answers: Map<number, () => SourceRecord | null>;
let asked: number[];
/** Fetches under way at once, at the most. */
let atOnce: number;

beforeAll(async () => {
  store = await openTestStore();
  for (let number = 0; number < copies; number += 1) {
    const incoming = { entity: { type: 'order', id: idOf(number) }, version: '1', data: { number } };
    await store.apply(buildApply({ eventId: `evt_${number}`, incoming }));
  }
}, 60_000);
afterAll(() => store.close());
beforeEach(() => {
  answers = new Map();
  asked = [];
  atOnce = 0;
});

const idOf = (number: number) => String(number).padStart(3, '0');
const away = () => {
  throw new VendorUnavailableError('The shop is away.');
};

function audit(
  after: EntityRef | null,
  { requestsPerSecond, environment = new MockActivityEnvironment() }: AuditOptions = {},
): Promise<AuditedRecords> {
  let underWay = 0;
  const source = defineSource({
    name: 'shop',
    settings: {},
    create: () => ({
      verification: hmacScheme({ secrets: ['s'], header: 'x', algorithm: 'sha256', encoding: 'hex' }),
      readEvent: () => {
        throw new Error('not reached');
      },
      fetchRecord: async ({ id }) => {
        const number = Number(id);
        asked.push(number);
        underWay += 1;
        atOnce = Math.max(atOnce, underWay);
        await Promise.resolve();
        underWay -= 1;
        const answer = answers.get(number);
        return answer === undefined ? { data: { number }, version: 1, sourceTime: null } : answer();
      },
      ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }),
    }),
  }).create({});
  const needed = { sources: new Map([['shop', source]]), store, now: Date.now, logger };
  const auditRecords = createAuditRecords(needed as unknown as ActivityDependencies);
  return environment.run(auditRecords, { source: 'shop', after });
}
const logger = createLogger({ level: 'silent', format: 'json', redact: (text) => text });
interface AuditOptions {
  requestsPerSecond?: number;
  environment?: MockActivityEnvironment;
}

/** Calls one after the other, as the workflow does; each failed call is made again. */
async function auditAll(): Promise<{ calls: number; audited: number; differing: string[] }> {
  const whole = { calls: 0, audited: 0, differing: [] as string[] };
  let after: EntityRef | null = null;
  do {
    whole.calls += 1;
    const read: AuditedRecords | null = await audit(after).catch(() => null);
    if (read === null) continue;
    whole.audited += read.audited;
    whole.differing.push(...read.differences.map(({ entity }) => entity.id));
    after = read.upTo;
    if (after === null) break;
  } while (whole.calls < 1_000);
  return whole;
}

test('compares the next fifty, five at once, and says where the next call begins', async () => {
  answers.set(7, () => null);
  answers.set(8, () => ({ data: { number: 'another' }, version: 1, sourceTime: null }));
  const read = await audit(null);
  expect(read).toMatchObject({ audited: 50, failed: 0, upTo: { type: 'order', id: idOf(49) } });
  expect(read.differences).toMatchObject([
    { kind: 'gone', entity: { id: idOf(7) } },
    { kind: 'different', entity: { id: idOf(8) } },
  ]);
  expect(atOnce).toBe(5);
  expect(await audit({ type: 'order', id: idOf(99) })).toMatchObject({ audited: 20, upTo: null });
});

test('keeps what was compared before a record that cannot be had now, and goes on with that one', async () => {
  answers.set(3, () => null);
  answers.set(12, away);
  const read = await audit(null);
  expect(read).toMatchObject({ audited: 12, failed: 0, upTo: { id: idOf(11) } });
  expect(read.differences).toMatchObject([{ entity: { id: idOf(3) } }]);
  // Its own failure is the next call's, with the pauses between attempts that Temporal keeps.
  await expect(audit(read.upTo)).rejects.toThrow('The shop is away.');
  answers.delete(12);
  expect(await audit(read.upTo)).toMatchObject({ audited: 50, upTo: { id: idOf(61) } });
});

test('comes to its end at a vendor that fails often, and counts nothing twice', async () => {
  const failed = new Set<number>();
  for (let number = 0; number < copies; number += 1) {
    // Each third fails when it is asked for the first time.
    if (number % 3 !== 0) continue;
    answers.set(number, () => {
      if (!failed.has(number)) {
        failed.add(number);
        return away();
      }
      return number === 60 ? null : { data: { number }, version: 1, sourceTime: null };
    });
  }
  const { calls, audited, differing } = await auditAll();
  expect({ audited, differing }).toEqual({ audited: copies, differing: [idOf(60)] });
  expect(calls).toBeLessThan(100);
});

test('counts a record whose answer makes no sense, and compares the others', async () => {
  answers.set(0, () => {
    throw new VendorAnswerError('This is no order.');
  });
  expect(await audit(null)).toMatchObject({ audited: 50, failed: 1, upTo: { id: idOf(49) } });
});

test('compares one a call where the rate is limited', async () => {
  expect(await audit(null, { requestsPerSecond: 5 })).toMatchObject({ audited: 1, upTo: { id: idOf(0) } });
  expect(asked).toEqual([0]);
});

test('brings nothing home where it is cancelled: it is made again elsewhere', async () => {
  const environment = new MockActivityEnvironment();
  answers.set(7, () => {
    environment.cancel();
    return away();
  });
  await expect(audit(null, { environment })).rejects.toThrow('The shop is away.');
});
