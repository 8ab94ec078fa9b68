import type { Company, VendorEvent } from './company.ts';
import type { Faults } from './faults.ts';
import type { Random } from './random.ts';

/**
 * One thing that happens in the company: mostly an update, at times several of one record in the same moment, now and
 * then something new or a deletion. The company stays about as large as it was.
 *
 * @param size - how many living records it should have
 * @returns the events, in the order in which they happened
 */
export function changeSomething(
  company: Company,
  size: number,
  faults: Faults,
  random: Random,
): VendorEvent[] {
  const living = company.living();
  const roll = random.next();
  if (living.length === 0 || (roll < 0.2 && living.length < size * 1.5)) {
    const event = random.hits(0.4) ? company.createCustomer() : company.createOrder();
    return [event, ...earlyDelete(company, event, faults, random)];
  }
  const { id } = random.pick(living);
  if (roll > 0.9 && living.length > size / 2) return [company.remove(id)];
  const times = random.hits(0.3) ? random.between(2, 4) : 1;
  const events = Array.from({ length: times }, () => company.update(id));
  const last = events.at(-1);
  return last === undefined ? events : [...events, ...earlyDelete(company, last, faults, random)];
}

function earlyDelete(company: Company, event: VendorEvent, faults: Faults, random: Random): VendorEvent[] {
  return random.hits(faults.earlyDeletes) ? [company.remove(event.data.id)] : [];
}
