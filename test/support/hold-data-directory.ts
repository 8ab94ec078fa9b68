import { openStore } from '../../src/store/open-store.ts';
import { buildApply } from './build-apply.ts';

/** A process of its own that opens the store in the directory it is given, writes a record, says so, and stays. */
const store = await openStore({ databaseUrl: null, dataDirectory: process.argv[2] ?? null });
await store.migrate();
await store.apply(buildApply({ incoming: { version: '7' } }));
process.stdout.write('holding\n');
setInterval(() => undefined, 1_000);
