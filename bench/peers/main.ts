import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { contestants } from './contestants.ts';
import { type KillResult, measureKill, measureSpeed, type Round } from './measure.ts';

/** All that was measured of one contestant. */
interface ContestantResult {
  title: string;
  events: number;
  rounds: Round[];
  kills: KillResult[];
  /** Why something could not be measured here. */
  failed?: string;
}

// `tsx main.ts [--only <names>] [--events 2000] [--rounds 3] [--no-speed] [--no-kills]`: adds to results/<name>.json.
const { values } = parseArgs({
  allowNegative: true,
  options: {
    only: { type: 'string' },
    events: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '3' },
    'kill-events': { type: 'string', default: '900' },
    kill: { type: 'string', default: 'processes,server' },
    speed: { type: 'boolean', default: true },
    kills: { type: 'boolean', default: true },
  },
});
const chosen = values.only?.split(',') ?? contestants.map(({ name }) => name);

for (const contestant of contestants.filter(({ name }) => chosen.includes(name))) {
  const { name, title } = contestant;
  const events = Number(values.events);
  const file = new URL(`results/${name}.json`, import.meta.url);
  const result = await readResult(file, { title, events, rounds: [], kills: [] });
  delete result.failed;
  try {
    if (values.speed) {
      console.error(`${title}: speed`);
      result.events = events;
      result.rounds = await measureSpeed(contestant, { events, rounds: Number(values.rounds) });
      console.error(JSON.stringify(result.rounds, null, 1));
    }
    for (const killed of ['processes', 'server'] as const) {
      if (!values.kills || !values.kill.split(',').includes(killed)) continue;
      console.error(`${title}: ${killed} killed`);
      const outcome = await measureKill(contestant, killed, Number(values['kill-events']));
      result.kills = [...result.kills.filter((each) => each.killed !== killed), outcome];
      console.error(JSON.stringify(outcome));
    }
  } catch (error) {
    result.failed = error instanceof Error ? error.message : String(error);
    console.error(`${title} failed: ${result.failed}`);
  }
  await writeFile(file, `${JSON.stringify(result, null, 2)}\n`);
}
process.exit();

/** What was measured before; it is added to. */
async function readResult(file: URL, empty: ContestantResult): Promise<ContestantResult> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ContestantResult;
  } catch {
    return empty;
  }
}
