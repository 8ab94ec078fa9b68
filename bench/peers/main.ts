import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { contestants } from './contestants.ts';
import { measureKill, measureSpeed } from './measure.ts';
import { readResult, writeResult } from './results.ts';
import { writeTables } from './tables.ts';

// `tsx main.ts [--only <names>] [--events 2000] [--rounds 3] [--no-speed] [--no-kills] [--kill processes,server]`: adds to
// results/<name>.json and writes the tables of docs/why-a-workflow-per-event.md; with `--into <folder>`, to that folder and no page.
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
    into: { type: 'string' },
  },
});
const chosen = values.only?.split(',') ?? contestants.map(({ name }) => name);
const folder = values.into ?? fileURLToPath(new URL('results', import.meta.url));
await mkdir(folder, { recursive: true });

for (const contestant of contestants.filter(({ name }) => chosen.includes(name))) {
  const { name, title } = contestant;
  const events = Number(values.events);
  // What was measured before is added to.
  const result = (await readResult(folder, name)) ?? { title, events, rounds: [], kills: [] };
  delete result.failed;
  try {
    if (values.speed) {
      console.error(`${title}: speed`);
      result.events = events;
      result.rounds = await measureSpeed(contestant, { events, rounds: Number(values.rounds) });
      console.error(JSON.stringify(result.rounds));
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
  await writeResult(folder, name, result);
}
if (values.into === undefined) await writeTables(folder);
process.exit();
