import { randomBytes, randomInt } from 'node:crypto';
import { createCompany, emptyCompany, type Company, type CompanyState, type VendorEvent } from './company.ts';
import { createRandom, type Random } from './random.ts';
import { readState } from './state-file.ts';

/** A company that is open for business: the one of the state file, or a new one. */
export interface OpenCompany {
  company: Company;
  /** One stream each, so that how often somebody asks the API does not change what happens in the company. */
  random: { company: Random; faults: Random; api: Random };
  secret: string;
  token: string;
  /** What was on its way when the company closed. */
  outstanding: VendorEvent[];
}

/** @throws ConfigurationError where the state file holds something else */
export async function openCompany(
  settings: {
    stateFile: string | null;
    seed?: number | undefined;
    secret?: string | undefined;
    token?: string | undefined;
    customers: number;
    orders: number;
  },
  now: () => number,
): Promise<OpenCompany> {
  const before = settings.stateFile === null ? null : await readState(settings.stateFile);
  const state = before?.company ?? newState(settings.seed ?? randomInt(2 ** 32));
  const random = createRandom(state.random);
  const company = createCompany(state, random, now);
  if (before === null) {
    // Nobody was told of these: they are what a first reconciliation finds.
    for (let count = 0; count < settings.customers; count += 1) company.createCustomer();
    for (let count = 0; count < settings.orders; count += 1) company.createOrder();
  }
  return {
    company,
    random: {
      company: random,
      faults: createRandom(state.random ^ 0x5eed),
      api: createRandom(state.random ^ 0xa91),
    },
    secret: settings.secret ?? before?.secret ?? newSecret(),
    token: settings.token ?? before?.token ?? `demo_${randomBytes(18).toString('base64url')}`,
    outstanding: before?.outstanding ?? [],
  };
}

/** A Standard Webhooks secret of 24 bytes. */
export function newSecret(): string {
  return `whsec_${randomBytes(24).toString('base64')}`;
}

function newState(seed: number): CompanyState {
  const random = createRandom(seed);
  const letters = Array.from('bcdfghjklmnpqrstvwxz');
  const tag = Array.from({ length: 5 }, () => random.pick(letters)).join('');
  return emptyCompany(tag, random.state());
}
