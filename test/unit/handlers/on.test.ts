import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/errors.ts';
import type { HandledEvent } from '../../../src/handlers/define-handler.ts';
import { on } from '../../../src/handlers/on.ts';
import { isRepair, typesOf } from '../../../src/handlers/repair-types.ts';

const customer = { type: 'customer', id: 'cus_1' };
const ignore = () => undefined;

const event = (type: string, parts: Partial<HandledEvent> = {}): HandledEvent => ({
  entity: customer,
  types: [type],
  repair: false,
  backfill: false,
  ...parts,
});

/** What reconciliation found about a customer, without an event of the vendor's. */
const repair = (parts: { deleted?: boolean; known?: boolean | null } = {}): HandledEvent => {
  const found = { deleted: false, known: true, entity: customer, type: 'customer.reconciled', ...parts };
  const about = { ...found, foundBy: 'reconciliation' } as const;
  return event('', { types: typesOf(about), repair: isRepair(about) });
};

describe('a handler', () => {
  it.each([
    [
      'customer.updated',
      ['customer.updated'],
      ['customer.updated.x', 'xcustomer.updated', 'customerXupdated', ''],
    ],
    ['customer.*', ['customer.created', 'customer.subscription.updated'], ['customer', 'customers.created']],
    ['*', ['customer.updated', 'push', ''], []],
    ['*.deleted', ['customer.deleted', 'a.b.deleted'], ['customer.updated']],
    ['a.*.c', ['a.b.c', 'a.b.b.c'], ['a.c', 'a.b.cd']],
    ['orders/(x)+', ['orders/(x)+'], ['orders/xx']],
  ])('for %s takes what it says, and nothing else', (filter, taken, left) => {
    const { takes } = on(filter, ignore);
    expect(taken.filter((type) => !takes(event(type)))).toEqual([]);
    expect(left.filter((type) => takes(event(type)))).toEqual([]);
  });

  it('takes any type that it names as it is', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (type, other) => {
        const { takes } = on(type, ignore, { name: 'any' });
        expect(takes(event(type))).toBe(true);
        if (!type.includes('*') && other !== type) expect(takes(event(other))).toBe(false);
      }),
    );
  });

  it('may be for several types, or for all events about an entity', () => {
    const { takes } = on(['customer.created', 'order.*'], ignore);
    expect(['customer.created', 'order.paid', 'customer.updated'].map((type) => takes(event(type)))).toEqual([
      true,
      true,
      false,
    ]);
    const ofCustomers = on({ entity: 'customer' }, ignore);
    expect(ofCustomers.takes(event('anything.at.all'))).toBe(true);
    expect(ofCustomers.takes(event('customer.updated', { entity: { type: 'order', id: '1' } }))).toBe(false);
  });

  it.each([
    [{ known: true }, ['customer.updated', 'customer.*', '*', 'customer.reconciled']],
    [{ known: false }, ['customer.updated', 'customer.created', 'customer.*', '*', 'customer.reconciled']],
    [{ deleted: true }, ['customer.deleted', 'customer.*', '*', '*.deleted', 'customer.reconciled']],
  ])('is run for a repair of what it would have been told of: %o', (found, expected) => {
    const all = ['customer.updated', 'customer.created', 'customer.deleted', 'customer.*', '*', '*.deleted'];
    const taken = [...all, 'customer.reconciled', 'customer.paid', 'order.*'].filter((filter) =>
      on(filter, ignore).takes(repair(found)),
    );
    expect(taken.sort()).toEqual([...expected].sort());
    expect(on({ entity: 'customer' }, ignore).takes(repair(found))).toBe(true);
  });

  it('of a type that no repair can be known to be takes one where it says so, and looks at the record itself', () => {
    expect(on('customer.paid', ignore).takes(repair())).toBe(false);
    const paid = on('customer.paid', ignore, { repairsOf: 'customer' });
    expect(paid.takes(repair())).toBe(true);
    expect(paid.takes(event('customer.updated'))).toBe(false);
  });

  it('is told of the event that the vendor listed, and of no other', () => {
    const listed = { type: 'customer.paid', entity: customer, foundBy: 'reconciliation' } as const;
    expect(typesOf({ ...listed, deleted: false, known: true })).toEqual(['customer.paid']);
    expect(isRepair(listed)).toBe(false);
  });

  it("is told of a repair under the vendor's own names where these are others", () => {
    const issue = { type: 'issue', id: 'a/b#1' };
    const found = {
      type: 'issue.reconciled',
      entity: issue,
      foundBy: 'reconciliation',
      deleted: false,
    } as const;
    const vendorType = () => 'issues.edited';
    expect(typesOf({ ...found, known: true }, vendorType)).toEqual([
      'issue.reconciled',
      'issue.updated',
      'issues.edited',
    ]);
  });

  it('is not run for what a first reconciliation brings in, unless it asks for that', () => {
    const first = event('customer.reconciled', { types: ['customer.created'], backfill: true });
    expect(on({ entity: 'customer' }, ignore).takes(first)).toBe(false);
    expect(on('customer.created', ignore, { backfill: true }).takes(first)).toBe(true);
  });

  it('has a name that stays: its own, or that of its types and its function', () => {
    function syncPlan() {}
    expect(on('customer.updated', syncPlan).name).toBe('handler:customer.updated/syncPlan');
    expect(on(['a', 'b'], () => {}).name).toBe('handler:a+b');
    expect(on({ entity: 'customer' }, () => {}).name).toBe('handler:entity=customer');
    expect(on('customer.updated', syncPlan, { name: 'plan' }).name).toBe('handler:plan');
  });

  it.each<[string, () => unknown, RegExp]>([
    ['no type', () => on([], ignore), /says no event/],
    ['an empty type', () => on(['customer.updated', ''], ignore), /says no event/],
    ['a name with a space', () => on('a', ignore, { name: 'a b' }), /printable ASCII/],
    ['types that make no name', () => on('Kunde geändert', ignore), /give it one/],
    ['no time', () => on('a', ignore, { timeoutMilliseconds: 0 }), /timeoutMilliseconds from 1 to 600000/],
    ['too much time', () => on('a', ignore, { timeoutMilliseconds: 600_001 }), /timeoutMilliseconds/],
    ['nothing to run', () => Reflect.apply(on, null, ['a']) as unknown, /is no function/],
  ])('with %s is a mistake', (_what, make, message) => {
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(message);
  });
});
