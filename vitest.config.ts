import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`src/${path}`, import.meta.url));

export default defineConfig({
  test: {
    reporters: ['default'],
    // Most files wait more than they compute: on a machine with two cores three of them share it well.
    maxWorkers: 3,
    projects: [
      {
        // Adapters find the source of this package under its name, as they find its compiled form elsewhere.
        resolve: { alias: { 'landfall/testing': source('testing/index.ts'), landfall: source('index.ts') } },
        test: {
          name: 'unit',
          include: [
            'test/{unit,properties}/**/*.test.ts',
            'test/*.test.ts',
            '{examples,sources}/**/*.test.ts',
          ],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'store',
          include: ['test/store/**/*.test.ts'],
          globalSetup: ['test/setup/postgres.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        // The real dev server and a real PostgreSQL, started once for the whole run.
        test: {
          name: 'server',
          include: ['test/{receiver,workflows,scenarios,cli,dev,console}/**/*.test.ts'],
          globalSetup: ['test/setup/postgres.ts', 'test/setup/temporal.ts', 'test/setup/landfall.ts'],
          // Workers hold a native runtime, one to a process.
          pool: 'forks',
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        // The services of docker-compose.yml run natively: the full Temporal server on PostgreSQL, receiver and worker apart.
        test: {
          name: 'services',
          include: ['test/services/**/*.test.ts'],
          globalSetup: ['test/setup/postgres.ts', 'test/setup/landfall.ts'],
          pool: 'forks',
          testTimeout: 300_000,
          hookTimeout: 1_500_000,
        },
      },
      {
        // Receivers, workers, Temporal and PostgreSQL as processes, and a fault on each; all of them by `npm run test:faults`.
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          globalSetup: ['test/setup/landfall.ts'],
          // After all others: it takes both cores.
          sequence: { groupOrder: 1 },
          pool: 'forks',
          testTimeout: 360_000,
          hookTimeout: 1_500_000,
        },
      },
    ],
  },
});
