import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const roundSchema = z.strictObject({
  acknowledgedPerSecond: z.number(),
  p50Milliseconds: z.number(),
  p99Milliseconds: z.number(),
  completedPerSecond: z.number(),
  processorMillisecondsPerEvent: z.number(),
});
/** One round of load, from its first event to the last effect. */
export type Round = z.infer<typeof roundSchema>;

const killSchema = z.strictObject({
  killed: z.enum(['processes', 'server']),
  acknowledged: z.int(),
  /** Acknowledged, and without an effect when nothing moved any more. */
  withoutEffect: z.int(),
  /** The same after the operator's step, where the peer has one. */
  withoutEffectAfterRecovery: z.int(),
  /** From the restart to the last effect. */
  secondsUntilLastEffect: z.number(),
  /** Records that were written more than once. */
  writtenTwice: z.int(),
  /** Events whose record was fetched more than once: work done again, harmless because the write is guarded. */
  fetchedAgain: z.int(),
  /** How often receiver or worker ended by itself and was started again. */
  crashes: z.int(),
});
/** What came out of a kill. */
export type KillResult = z.infer<typeof killSchema>;

const resultSchema = z.strictObject({
  title: z.string(),
  /** Of one round. */
  events: z.int(),
  rounds: z.array(roundSchema),
  kills: z.array(killSchema),
  /** Why something could not be measured. */
  failed: z.string().optional(),
});
/** All that was measured of one contestant. */
export type ContestantResult = z.infer<typeof resultSchema>;

/** Reads `<name>.json` of a folder; null where there is none. @throws ZodError where it holds something else */
export async function readResult(folder: string, name: string): Promise<ContestantResult | null> {
  let text: string;
  try {
    text = await readFile(join(folder, `${name}.json`), 'utf8');
  } catch {
    return null;
  }
  return resultSchema.parse(JSON.parse(text));
}

/** Writes `<name>.json`. */
export async function writeResult(folder: string, name: string, result: ContestantResult): Promise<void> {
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
}
