import { inject, test } from 'vitest';
import { expectTurnsTaken } from '../support/drain-backlog.ts';

test('a source with few events does not wait for the many that another had before it', async () => {
  await expectTurnsTaken(inject('temporalAddress'));
}, 180_000);
