import { z } from 'zod';
import type { Random } from './random.ts';

const common = {
  id: z.string(),
  /** Counts the record's changes, from 1; its deletion counts too. */
  version: z.int().min(1),
  /** ISO 8601 in UTC, in steps of one second: two changes of one second have the same. */
  updated_at: z.string(),
};

export const customerSchema = z.strictObject({
  object: z.literal('customer'),
  ...common,
  created_at: z.string(),
  name: z.string(),
  email: z.string(),
  city: z.string(),
  plan: z.enum(['free', 'team', 'business']),
});
export const orderSchema = z.strictObject({
  object: z.literal('order'),
  ...common,
  created_at: z.string(),
  customer: z.string(),
  status: z.enum(['open', 'paid', 'packed', 'shipped', 'returned']),
  currency: z.literal('EUR'),
  /** In cents. */
  total: z.int(),
  note: z.string(),
});
/** What is left of a deleted record. */
export const tombstoneSchema = z.strictObject({
  object: z.enum(['customer', 'order']),
  ...common,
  deleted: z.literal(true),
});
export const vendorRecordSchema = z.union([customerSchema, orderSchema, tombstoneSchema]);

export type Customer = z.infer<typeof customerSchema>;
export type Order = z.infer<typeof orderSchema>;
export type Tombstone = z.infer<typeof tombstoneSchema>;
export type VendorRecord = z.infer<typeof vendorRecordSchema>;
export type LiveRecord = Customer | Order;
export type RecordKind = VendorRecord['object'];

export function isTombstone(record: VendorRecord): record is Tombstone {
  return 'deleted' in record;
}

export function isLive(record: VendorRecord): record is LiveRecord {
  return !isTombstone(record);
}

const names = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Donald', 'Radia', 'Tony', 'Frances', 'Ken', 'Sophie'];
const families = [
  'Berg',
  'Castro',
  'Dubois',
  'Eriksen',
  'Fischer',
  'Garcia',
  'Horvat',
  'Ito',
  'Jansen',
  'Kaya',
];
const cities = ['Lisbon', 'Oslo', 'Vienna', 'Ghent', 'Porto', 'Turin', 'Gdansk', 'Bern', 'Cork', 'Malmö'];
const notes = [
  '',
  'Leave at the door',
  'Gift wrap, please',
  'Call before delivery',
  'Ship with the next order',
];

/** A new customer, version 1. `at` is its time, ISO 8601 to the second. */
export function newCustomer(id: string, at: string, random: Random): Customer {
  const name = `${random.pick(names)} ${random.pick(families)}`;
  return {
    object: 'customer',
    id,
    version: 1,
    updated_at: at,
    created_at: at,
    name,
    email: emailOf(name),
    city: random.pick(cities),
    plan: 'free',
  };
}

/** A new order of a customer, version 1. */
export function newOrder(id: string, customer: string, at: string, random: Random): Order {
  return {
    object: 'order',
    id,
    version: 1,
    updated_at: at,
    created_at: at,
    customer,
    status: 'open',
    currency: 'EUR',
    total: random.between(500, 50_000),
    note: random.pick(notes),
  };
}

/** The record after its next change. A change may bring back what was there before, as real ones do. */
export function changedRecord(record: LiveRecord, at: string, random: Random): LiveRecord {
  const next = { version: record.version + 1, updated_at: at };
  if (record.object === 'order') {
    const status = random.pick(orderSchema.shape.status.options);
    return { ...record, ...next, status, note: random.pick(notes), total: random.between(500, 50_000) };
  }
  const plan = random.pick(customerSchema.shape.plan.options);
  return { ...record, ...next, plan, city: random.pick(cities) };
}

/** What stays of a record that is deleted: its deletion is its last change. */
export function tombstoneOf({ object, id, version }: LiveRecord, at: string): Tombstone {
  return { object, id, version: version + 1, updated_at: at, deleted: true };
}

function emailOf(name: string): string {
  return `${name.toLowerCase().replace(' ', '.')}@example.com`;
}
