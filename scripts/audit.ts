import { z } from 'zod';

/** What `npm audit --json` says. */
export type Audit =
  | { kind: 'clean' }
  | { kind: 'found'; packages: readonly string[] }
  /** The registry gave no answer: nothing is known. */
  | { kind: 'not-run'; why: string };

const report = z.object({
  vulnerabilities: z.record(z.string(), z.object({ severity: z.string(), range: z.string() })),
});
const failure = z.object({ message: z.string() });
const grave = ['high', 'critical'];

/** Reads the output of `npm audit --json`. Grave are `high` and `critical`. */
export function readAudit(output: string): Audit {
  let value: unknown;
  try {
    value = JSON.parse(output);
  } catch {
    return { kind: 'not-run', why: 'npm audit said nothing that can be read' };
  }
  const read = report.safeParse(value);
  if (!read.success) {
    return { kind: 'not-run', why: failure.safeParse(value).data?.message ?? 'npm audit gave no report' };
  }
  const packages = Object.entries(read.data.vulnerabilities)
    .filter(([, { severity }]) => grave.includes(severity))
    .map(([name, { severity, range }]) => `${name} ${range} (${severity})`);
  return packages.length === 0 ? { kind: 'clean' } : { kind: 'found', packages };
}
