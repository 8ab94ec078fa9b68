import { describe, inject } from 'vitest';
import { openStore } from '../../src/store/open-store.ts';
import { storeContract } from '../contracts/store.contract.ts';
import { createDatabase } from '../support/create-database.ts';

describe('the store on PostgreSQL', () => {
  storeContract(async () =>
    openStore({ databaseUrl: await createDatabase(inject('postgresUrl')), dataDirectory: null }),
  );
});
