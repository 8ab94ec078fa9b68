import { openStore } from '../../src/store/open-store.ts';
import { describe } from 'vitest';
import { storeContract } from '../contracts/store.contract.ts';

describe('the embedded store', () => {
  storeContract(() => openStore({ databaseUrl: null, dataDirectory: null }));
});
