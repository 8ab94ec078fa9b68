import type { TestProject } from 'vitest/node';
import { startPostgres } from '../support/postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the database `postgres` on a real server, one for the whole run; tests create databases of their own on it. */
    postgresUrl: string;
  }
}

/** Starts one PostgreSQL server for the run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgres();
  project.provide('postgresUrl', server.url);
  return () => server.stop();
}
