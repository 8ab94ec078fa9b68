import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, inject, test, vi } from 'vitest';
import { z } from 'zod';
import { loadConfig } from '../../src/config/load.ts';
import { startTemporal } from '../../src/dev/start-temporal.ts';
import { createTemporalClient } from '../../src/temporal/client.ts';

describe('the Temporal of npm start', () => {
  test('is started again when it is stuck, and still has its workflows', { timeout: 120_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'landfall-stuck-'));
    const config = loadConfig(
      { LANDFALL_DATA_DIRECTORY: folder, LANDFALL_TEMPORAL_CLI: inject('temporalCli') },
      { mode: 'dev', definitions: [] },
    );
    const progress: string[] = [];
    const temporal = await startTemporal(config, process.env, {
      onProgress: (message) => progress.push(message),
      onExit: (reason) => progress.push(`ended: ${reason}`),
      signal: new AbortController().signal,
      lookEveryMilliseconds: 300,
    });
    const client = createTemporalClient(temporal.target);
    try {
      await client.workflow.start('anything', { workflowId: 'kept', taskQueue: 'nobody' });
      const owner = z
        .object({ server: z.int() })
        .parse(JSON.parse(await readFile(join(folder, 'temporal.db.pid'), 'utf8')));
      process.kill(owner.server, 'SIGSTOP');

      await vi.waitFor(() => expect(progress.join('\n')).toContain('started again'), { timeout: 60_000 });
      await vi.waitFor(
        async () => {
          const run = await client.withDeadline(Date.now() + 1_000, () =>
            client.workflow.getHandle('kept').describe(),
          );
          expect(run.status.name).toBe('RUNNING');
        },
        { timeout: 60_000, interval: 300 },
      );
      expect(progress.join('\n')).not.toContain('ended:');
    } finally {
      await client.connection.close();
      await temporal.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
