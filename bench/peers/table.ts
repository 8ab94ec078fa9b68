import { readdir, readFile } from 'node:fs/promises';
import type { KillResult, Round } from './measure.ts';

// `tsx table.ts`: what stands in results/ as the two tables of docs/why-a-workflow-per-event.md.
const folder = new URL('results/', import.meta.url);
interface Result {
  title: string;
  rounds: Round[];
  kills: KillResult[];
  failed?: string;
}
const order = ['bullmq', 'bullmq-everysec', 'pg-boss', 'graphile-worker', 'restate', 'dbos', 'landfall'];
const results: Result[] = [];
for (const name of order) {
  if (!(await readdir(folder)).includes(`${name}.json`)) continue;
  results.push(JSON.parse(await readFile(new URL(`${name}.json`, folder), 'utf8')) as Result);
}

console.log('| | completed/s | acknowledged/s | p50, ms | p99, ms | CPU, ms an event |');
console.log('| --- | --: | --: | --: | --: | --: |');
for (const { title, rounds } of results) {
  if (rounds.length === 0) continue;
  const range = (read: (round: Round) => number, digits = 0): string => {
    const values = rounds.map(read).sort((a, b) => a - b);
    const [first, last] = [values[0] ?? 0, values.at(-1) ?? 0].map((value) => value.toFixed(digits));
    return first === last ? (first ?? '') : `${first ?? ''} to ${last ?? ''}`;
  };
  const cells = [
    title,
    range((round) => round.completedPerSecond),
    range((round) => round.acknowledgedPerSecond),
    range((round) => round.p50Milliseconds),
    range((round) => round.p99Milliseconds),
    range((round) => round.processorMillisecondsPerEvent, 1),
  ];
  console.log(`| ${cells.join(' | ')} |`);
}

console.log(
  '\n| | killed | acknowledged | without an effect | after the operator’s step | written twice | fetched again | last effect after the restart, s |',
);
console.log('| --- | --- | --: | --: | --: | --: | --: | --: |');
for (const { title, kills } of results) {
  for (const kill of kills) {
    const { acknowledged, withoutEffect, withoutEffectAfterRecovery, writtenTwice, fetchedAgain } = kill;
    const step = withoutEffect === 0 ? '–' : withoutEffectAfterRecovery;
    const seconds = kill.secondsUntilLastEffect.toFixed(0);
    const cells = [
      title,
      kill.killed,
      acknowledged,
      withoutEffect,
      step,
      writtenTwice,
      fetchedAgain,
      seconds,
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}
