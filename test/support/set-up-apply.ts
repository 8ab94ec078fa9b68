import type { ApplyResult } from '../../src/model/outcome.ts';
import type { Store } from '../../src/store/store.ts';
import type { StoreUnderTest } from '../contracts/store.contract.ts';
import { buildApply } from './build-apply.ts';

/** A source of its own on the store under test, and how to apply an event of it. */
export function setUpApply(subject: StoreUnderTest): {
  store: Store;
  source: string;
  apply: (parts: Parameters<typeof buildApply>[0]) => Promise<ApplyResult>;
} {
  const store = subject.store();
  const source = subject.newSource();
  return { store, source, apply: (parts) => store.apply(buildApply({ source, ...parts })) };
}
