import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { json, Router } from 'express';
import { z } from 'zod';
import { ConfigurationError } from '../../errors.ts';
import { answerError } from './api.ts';
import type { Faults } from './faults.ts';
import type { Random } from './random.ts';

/** What the CRM reads of a write. */
const writeSchema = z.looseObject({
  eventId: z.string(),
  entity: z.object({ type: z.string(), id: z.string() }),
  version: z.object({ version: z.string().nullable() }),
  deleted: z.boolean(),
});

/** One write that the CRM made: the thing that must not happen twice. */
export const crmEffectSchema = z.strictObject({
  key: z.string(),
  eventId: z.string(),
  entity: z.strictObject({ type: z.string(), id: z.string() }),
  version: z.string().nullable(),
  deleted: z.boolean(),
});
export type CrmEffect = z.infer<typeof crmEffectSchema>;

/** What the CRM tells of itself. */
export interface CrmReport {
  /** Every effect, in the order they happened. An event with two of them was handed on twice. */
  effects: CrmEffect[];
  /** Writes whose key the CRM knew already: they had no effect. */
  repeated: number;
}

/** A system of our own that a destination writes to, beside the vendor. */
export interface Crm {
  report(): CrmReport;
  /** `POST /records`: makes the write once for each `Idempotency-Key`. For a router under `/crm`. */
  router: Router;
}

/**
 * @param file - its effects, a line of JSON each, so that a restart remembers the keys; null: only in memory
 * @throws ConfigurationError where the file holds something else
 */
export async function openCrm(file: string | null, faults: () => Faults, random: Random): Promise<Crm> {
  const effects = new Map<string, CrmEffect>();
  for (const effect of file === null ? [] : await readEffects(file)) effects.set(effect.key, effect);
  let repeated = 0;

  const router = Router();
  router.post('/records', json({ limit: '4mb' }), async (request, response) => {
    const fails = random.hits(faults().apiErrors);
    const late = random.hits(0.5);
    if (fails && !late) {
      answerError(response, 503, 'unavailable', 'The CRM is busy; the write was not made.');
      return;
    }
    const key = request.get('idempotency-key') ?? '';
    const write = writeSchema.safeParse(request.body);
    if (key === '' || !write.success) {
      const problem = write.success ? 'Send an Idempotency-Key header.' : z.prettifyError(write.error);
      answerError(response, 400, 'bad_request', problem);
      return;
    }
    const known = effects.has(key);
    if (known) repeated += 1;
    else {
      const { eventId, entity, version, deleted } = write.data;
      const effect = { key, eventId, entity, version: version.version, deleted };
      effects.set(key, effect);
      if (file !== null) await appendFile(file, `${JSON.stringify(effect)}\n`);
    }
    // The answer that gets lost after the write was made: why writes need a key at all.
    if (fails)
      answerError(response, 503, 'unavailable', 'The CRM is busy; who knows what became of the write.');
    else response.status(known ? 200 : 201).json({ made: !known });
  });
  return { router, report: () => ({ effects: structuredClone([...effects.values()]), repeated }) };
}

async function readEffects(file: string): Promise<CrmEffect[]> {
  await mkdir(dirname(file), { recursive: true });
  // Creates the file where there is none.
  await appendFile(file, '', { mode: 0o600 });
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.flatMap((line, index) => {
    try {
      return [crmEffectSchema.parse(JSON.parse(line))];
    } catch (error) {
      // A crash can leave the last line half written: its write was never answered.
      if (index === lines.length - 1) return [];
      throw new ConfigurationError(
        `Line ${index + 1} of ${file} is no effect of the CRM. Remove the file to begin anew.`,
        {
          cause: error,
        },
      );
    }
  });
}
