import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

const folder = new URL('../fixtures/workflows/', import.meta.url);

/** Versions whose workflows are kept, the oldest first: `v2`, `v3`. */
export const earlierVersions = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort((a, b) => numberOf(a) - numberOf(b));

/** The `workflowVersion` of a version. */
export function numberOf(version: string): number {
  return Number(version.slice(1));
}

/** The workflows of an earlier version, with the SDK of now. */
export function bundleEarlier(version: string): Promise<{ code: string }> {
  const workflowsPath = fileURLToPath(new URL(`${version}/workflows/index.ts`, folder));
  const say = () => undefined;
  const logger = { log: say, trace: say, debug: say, info: say, warn: say, error: say };
  return bundleWorkflowCode({ workflowsPath, logger });
}
