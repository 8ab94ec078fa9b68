/** What one check of `landfall doctor` has found. */
export interface Finding {
  /** What was looked at: `settings`, `temporal`, `store`, `source stripe`, … */
  check: string;
  level: 'ok' | 'warning' | 'failure';
  /** A sentence. */
  text: string;
  /** How it is mended; null where nothing is amiss. */
  mend: string | null;
}

/** All is well. */
export function ok(check: string, text: string): Finding {
  return { check, level: 'ok', text, mend: null };
}

/** It works, and somebody should know. */
export function warning(check: string, text: string, mend: string): Finding {
  return { check, level: 'warning', text, mend };
}

/** It does not work. */
export function failure(check: string, text: string, mend: string): Finding {
  return { check, level: 'failure', text, mend };
}

/** The findings of a check that may throw: what it throws is a failure. */
export async function attempt(
  check: string,
  mend: string,
  look: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    return [failure(check, error instanceof Error ? error.message : String(error), mend)];
  }
}
