import { z } from 'zod';
import type { Random } from './random.ts';
import {
  changedRecord,
  isLive,
  newCustomer,
  newOrder,
  tombstoneOf,
  vendorRecordSchema,
  type LiveRecord,
  type RecordKind,
  type VendorRecord,
} from './records.ts';

/** One event as the vendor's webhooks carry it. */
export const vendorEventSchema = z.strictObject({
  /** Unique to the event: `evt_` and more. */
  id: z.string(),
  /** `customer.created`, `order.deleted` and so on. */
  type: z.string(),
  /** ISO 8601, to the second. */
  created: z.string(),
  data: vendorRecordSchema,
});
export type VendorEvent = z.infer<typeof vendorEventSchema>;

/** All that a company has to remember to go on after a restart. */
export const companyStateSchema = z.strictObject({
  tag: z.string(),
  random: z.int(),
  numbers: z.strictObject({ customer: z.int(), order: z.int(), event: z.int() }),
  second: z.int(),
  sequence: z.int(),
  records: z.array(z.strictObject({ sequence: z.int(), record: vendorRecordSchema })),
});
export type CompanyState = z.infer<typeof companyStateSchema>;

/** The vendor's business: its records and their changes, without any network. */
export interface Company {
  createCustomer(): VendorEvent;
  /** An order of the given customer, or of one at random; of nobody where there is none. */
  createOrder(customer?: string): VendorEvent;
  /** @throws RangeError where there is no such living record */
  update(id: string): VendorEvent;
  /** @throws RangeError as `update` */
  remove(id: string): VendorEvent;
  /** The living records. */
  living(): LiveRecord[];
  find(kind: RecordKind, id: string): VendorRecord | undefined;
  /** Every record that ever was, tombstones included, in the order of id. */
  records(): VendorRecord[];
  /**
   * One page of records that changed at or after `since` (milliseconds; null: all), the longest unchanged first. A record
   * that changes while the pages are read moves to the end, so that reading on from `cursor` meets it again.
   */
  listChanged(range: { since: number | null; cursor: number; limit: number }): {
    records: VendorRecord[];
    nextCursor: number | null;
  };
  state(): CompanyState;
}

const prefixes = { customer: 'cus', order: 'ord' } as const;

/** A company that starts empty: `tag`, four letters or so, tells its ids from those of every other demo company. */
export function emptyCompany(tag: string, seed: number): CompanyState {
  return {
    tag,
    random: seed,
    numbers: { customer: 1000, order: 1000, event: 1000 },
    second: 0,
    sequence: 0,
    records: [],
  };
}

/** @param random - has to stand where `from.random` says, for a repeatable run: `createRandom(from.random)` */
export function createCompany(from: CompanyState, random: Random, now: () => number): Company {
  const entries = new Map(from.records.map((entry) => [entry.record.id, entry]));
  const numbers = { ...from.numbers };
  let { second, sequence } = from;

  const time = () => {
    // A clock set back must not make a later change look older.
    second = Math.max(second, Math.floor(now() / 1000));
    return new Date(second * 1000).toISOString().replace('.000Z', 'Z');
  };
  const newId = (kind: RecordKind) => `${prefixes[kind]}_${from.tag}${++numbers[kind]}`;
  const write = (record: VendorRecord, what: string): VendorEvent => {
    // Deleted first, so that the map keeps the order of change.
    entries.delete(record.id);
    entries.set(record.id, { sequence: ++sequence, record });
    const type = `${record.object}.${what}`;
    return { id: `evt_${from.tag}${++numbers.event}`, type, created: record.updated_at, data: record };
  };
  const livingOne = (id: string): LiveRecord => {
    const record = entries.get(id)?.record;
    if (record === undefined || !isLive(record)) throw new RangeError(`The demo vendor has no living ${id}.`);
    return record;
  };
  const living = () => [...entries.values()].map(({ record }) => record).filter(isLive);
  const anyCustomer = () => {
    const customers = living().filter((record) => record.object === 'customer');
    return customers.length === 0 ? '' : random.pick(customers).id;
  };

  return {
    createCustomer: () => write(newCustomer(newId('customer'), time(), random), 'created'),
    createOrder: (customer) =>
      write(newOrder(newId('order'), customer ?? anyCustomer(), time(), random), 'created'),
    update: (id) => write(changedRecord(livingOne(id), time(), random), 'updated'),
    remove: (id) => write(tombstoneOf(livingOne(id), time()), 'deleted'),
    living,
    find: (kind, id) => {
      const record = entries.get(id)?.record;
      return record?.object === kind ? record : undefined;
    },
    records: () => [...entries.values()].map(({ record }) => record).sort((a, b) => (a.id < b.id ? -1 : 1)),
    listChanged: ({ since, cursor, limit }) => {
      const from = since === null ? 0 : Math.floor(since / 1000) * 1000;
      const rest = [...entries.values()].filter(
        (entry) => entry.sequence > cursor && Date.parse(entry.record.updated_at) >= from,
      );
      const page = rest.slice(0, limit);
      const last = page.at(-1)?.sequence ?? null;
      return { records: page.map(({ record }) => record), nextCursor: rest.length > limit ? last : null };
    },
    state: () => ({
      tag: from.tag,
      random: random.state(),
      numbers: { ...numbers },
      second,
      sequence,
      records: [...entries.values()],
    }),
  };
}
