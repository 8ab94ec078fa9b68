import { setTimeout as wait } from 'node:timers/promises';
import type { Contestant } from './contestants.ts';
import { type LoadJob, type LoadResult, loadResultSchema } from './load-job.ts';
import type { KillResult, Round } from './results.ts';
import { type Rig, startRig } from './rig.ts';

const connections = 32;
/** Not counted: code is compiled and connections are made meanwhile. */
const warmUpShare = 1 / 3;
const lookEveryMilliseconds = 100;
/** Without one more effect for so long, no more are waited for. */
const patienceMilliseconds = 75_000;

/** Some rounds of so many events in one rig, after a warm-up. */
export async function measureSpeed(
  contestant: Contestant,
  { events, rounds }: { events: number; rounds: number },
): Promise<Round[]> {
  const rig = await startRig(contestant);
  try {
    await runRound(rig, 'warm', Math.round(events * warmUpShare));
    const results: Round[] = [];
    for (let round = 1; round <= rounds; round += 1)
      results.push(await runRound(rig, `round${round}`, events));
    return results;
  } finally {
    await rig.stop();
  }
}

async function runRound(rig: Rig, prefix: string, events: number): Promise<Round> {
  const before = await rig.processorMilliseconds();
  const begun = performance.now();
  const loaded = await runLoad(rig, rig.job({ prefix, events, connections }));
  await untilStill(rig, prefix, events);
  const seconds = (performance.now() - begun) / 1_000;
  const used = (await rig.processorMilliseconds()) - before;
  const { ids } = await rig.effects(prefix);
  if (ids.size !== events)
    throw new Error(`${ids.size} of ${events} events were completed. ${rig.worker.output().slice(0, 2_000)}`);
  return {
    acknowledgedPerSecond: events / loaded.seconds,
    p50Milliseconds: loaded.p50Milliseconds,
    p99Milliseconds: loaded.p99Milliseconds,
    completedPerSecond: events / seconds,
    processorMillisecondsPerEvent: used / events,
  };
}

/** Kills receiver and worker, or the queue's server, a third into the load, and starts them again after a second. */
export async function measureKill(
  contestant: Contestant,
  killed: KillResult['killed'],
  events: number,
): Promise<KillResult> {
  const rig = await startRig(contestant);
  const prefix = 'kill';
  try {
    const tellAfter = Math.floor(events / 3);
    let restartedAt = 0;
    const loaded = await runLoad(rig, rig.job({ prefix, events, connections: 16, tellAfter }), async () => {
      const parts = killed === 'server' ? [rig.server] : [rig.receiver, rig.worker];
      await Promise.all(parts.map((part) => part.kill()));
      await wait(1_000);
      await Promise.all(parts.map((part) => part.start()));
      restartedAt = performance.now();
    });
    const lastEffectAt = await untilStill(rig, prefix, events);
    const without = async (): Promise<number> => {
      const { ids } = await rig.effects(prefix);
      return loaded.acknowledged.filter((id) => !ids.has(id)).length;
    };
    const withoutEffect = await without();
    if (withoutEffect > 0 && contestant.command('recover') !== null) {
      await rig.recover();
      await untilStill(rig, prefix, events, 15_000);
    }
    const fetches = await rig.fetches();
    return {
      killed,
      acknowledged: loaded.acknowledged.length,
      withoutEffect,
      withoutEffectAfterRecovery: await without(),
      secondsUntilLastEffect: (lastEffectAt - restartedAt) / 1_000,
      writtenTwice: (await rig.effects(prefix)).writtenTwice,
      fetchedAgain: Object.values(fetches).filter((count) => count > 1).length,
      crashes: rig.receiver.crashes() + rig.worker.crashes(),
    };
  } finally {
    await rig.stop();
  }
}

async function runLoad(rig: Rig, job: LoadJob, whenTold?: () => Promise<void>): Promise<LoadResult> {
  let told: Promise<void> | undefined;
  const result = new Promise<LoadResult>((resolve, reject) => {
    const hear = (message: unknown): void => {
      if (message === 'told') {
        told = whenTold?.();
        told?.catch(reject);
        return;
      }
      rig.load.off('message', hear);
      resolve(loadResultSchema.parse(message));
    };
    rig.load.on('message', hear);
  });
  rig.load.send(job);
  const loaded = await result;
  await told;
  return loaded;
}

/** Waits until all events have their effect, or nothing has moved for long. Answers when the last effect was seen. */
async function untilStill(
  rig: Rig,
  prefix: string,
  events: number,
  patience = patienceMilliseconds,
): Promise<number> {
  let seen = -1;
  let movedAt = performance.now();
  for (;;) {
    const now = await rig.countEffects(prefix).catch(() => seen);
    if (now > seen) movedAt = performance.now();
    seen = Math.max(now, seen);
    if (seen >= events || performance.now() - movedAt > patience) return movedAt;
    await wait(lookEveryMilliseconds);
  }
}
