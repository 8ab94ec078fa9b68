import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { buildGoTool } from '../support/build-go-tool.ts';
import { catalogue } from './catalogue/index.ts';
import { type Judgement, since } from './judge-system.ts';
import { startStoreServer } from './parts/store-server.ts';
import { startDevTemporal, startFullTemporalPart } from './parts/temporal.ts';
import { startToxiproxy } from './parts/toxiproxy.ts';
import { renderResults, writeReport } from './report.ts';
import { type FaultResult, runFault } from './run-fault.ts';
import { type Servers, startSystem, type System } from './system.ts';

const full = process.env['LANDFALL_FAULTS'] === 'full';
const eventsPerSecond = 10;
const chosen = catalogue.filter(({ form }) => full || form === 'short');
const results: FaultResult[] = [];
const skipped: { name: string; reason: string }[] = [];
const replacedAfterEvents = 3_000;
let servers: Servers;
/** Why there is nothing to try faults on. */
let unavailable: string | null = null;
let running: System | null = null;
/** What the running system was judged to last. */
let total: Judgement | null = null;

const say = (text: string) => process.stderr.write(`${text}\n`);

beforeAll(async () => {
  let proxy: string;
  try {
    proxy = await buildGoTool('toxiproxy', say);
  } catch (error) {
    // A machine without Go may skip this, the machine that decides about a release may not.
    if (full || process.env['CI'] !== undefined) throw error;
    unavailable = error instanceof Error ? error.message : String(error);
    return;
  }
  const [temporal, store, toxiproxy] = await Promise.all([
    full ? startFullTemporalPart(say) : startDevTemporal(say),
    startStoreServer({ ownDisk: full }),
    startToxiproxy(proxy),
  ]);
  servers = { temporal, store, toxiproxy, landfall: inject('landfall') };
});

afterAll(async () => {
  if (unavailable !== null) return;
  await endSystem();
  say(`\n${renderResults(results)}\n`);
  // A part of them is not the table.
  if (full && results.length + skipped.length === catalogue.length) {
    await writeReport(results, { skipped, eventsPerSecond });
  }
  const { toxiproxy, temporal, store } = servers;
  for (const part of [toxiproxy, temporal, store]) await part[Symbol.asyncDispose]();
});

beforeEach(({ skip }) => {
  if (unavailable !== null) skip(unavailable);
});

test.each(chosen)('nothing is lost and nothing applied twice when $name', async (fault) => {
  const reason = fault.unavailable?.(servers) ?? null;
  if (reason !== null) {
    skipped.push({ name: fault.name, reason });
    return;
  }
  const system = await freshOrProven();
  const before = total;
  try {
    const { judgement, secondsToRecover } = await runFault(system, fault);
    total = judgement;
    results.push({ fault, judgement: since(before, judgement), secondsToRecover });
    say(`${renderResults(results.slice(-1))}\n`);
    expect(judgement, judgement.text).toMatchObject({
      lost: [],
      manyOutcomes: [],
      appliedTwice: [],
      wrongRecords: [],
      accepted: judgement.sent,
    });
    if (fault.deadLetters === undefined) expect(judgement.deadLetters, 'dead letters').toBe(0);
  } catch (error) {
    say(`${fault.name}: ${String(error)}`);
    say(`The logs of the processes are in ${await keepLogs(system)}`);
    await endSystem();
    throw error;
  }
});

/** A system that has passed a fault meets the next one; one that has not, or has a long history to judge, is replaced. */
async function freshOrProven(): Promise<System> {
  if (total !== null && total.sent > replacedAfterEvents) await endSystem();
  return (running ??= await startSystem(servers, { eventsPerSecond }));
}

async function endSystem(): Promise<void> {
  const ending = running;
  [running, total] = [null, null];
  await ending?.[Symbol.asyncDispose]();
}

async function keepLogs({ receivers, workers, startedAt }: System): Promise<string> {
  const folder = join(tmpdir(), `landfall-faults-${startedAt.replaceAll(':', '-')}`);
  await mkdir(folder, { recursive: true });
  const write = (name: string, text: string) => writeFile(join(folder, `${name}.log`), text);
  await Promise.all([
    ...receivers.map((each, index) => write(`receiver-${index}`, each.log())),
    ...workers.map((each, index) => write(`worker-${index}`, each.log())),
  ]);
  return folder;
}
