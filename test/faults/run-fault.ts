import { setTimeout as wait } from 'node:timers/promises';
import type { Fault } from './fault.ts';
import { type Judgement, judgeSystem } from './judge-system.ts';
import { readLanded } from './landed.ts';
import type { System } from './system.ts';

/** What came of one fault. */
export interface FaultResult {
  fault: Fault;
  judgement: Judgement;
  /** From the end of the fault until every event that the vendor had made by then was delivered and had its outcome. */
  secondsToRecover: number;
}

/** How many events have to be through before the fault, so that it meets a system at work. */
const warmUpEvents = 20;
const warmUpWithinMilliseconds = 120_000;
const recoverWithinMilliseconds = 120_000;
/** The load goes on for so long after the fault. */
const afterMilliseconds = 3_000;
const lookEveryMilliseconds = 500;

/** Lets a fault happen under load, waits until all is well again, and judges. */
export async function runFault(system: System, fault: Fault): Promise<FaultResult> {
  const { vendor } = system;
  const before = (await readLanded(system)).size;
  vendor.startChanging();
  await until(
    async () => (await readLanded(system)).size >= before + warmUpEvents,
    warmUpWithinMilliseconds,
    'The system did not begin to work.',
  );

  const end = await fault.inject(system);
  await wait(fault.milliseconds);
  await end();

  const ended = performance.now();
  const awaited = new Set(
    vendor
      .ledger()
      .entries.filter(({ kind, state }) => kind === 'event' && state !== 'dropped')
      .map(({ id }) => id),
  );
  let stopped = false;
  await until(
    async () => {
      if (!stopped && performance.now() - ended > afterMilliseconds) {
        vendor.stopChanging();
        stopped = true;
      }
      const landed = await readLanded(system);
      const delivered = new Set(
        vendor
          .ledger()
          .entries.filter(({ state }) => state === 'delivered')
          .map(({ id }) => id),
      );
      for (const id of awaited) if (landed.has(id) && delivered.has(id)) awaited.delete(id);
      return awaited.size === 0;
    },
    recoverWithinMilliseconds,
    () =>
      `${awaited.size} events did not land after the fault, such as ${[...awaited].slice(0, 5).join(', ')}.`,
  );
  const secondsToRecover = (performance.now() - ended) / 1_000;
  await wait(Math.max(0, ended + afterMilliseconds - performance.now()));
  return { fault, judgement: await judgeSystem(system), secondsToRecover };
}

async function until(
  holds: () => Promise<boolean>,
  withinMilliseconds: number,
  otherwise: string | (() => string),
): Promise<void> {
  const deadline = performance.now() + withinMilliseconds;
  while (!(await holds())) {
    if (performance.now() > deadline)
      throw new Error(typeof otherwise === 'string' ? otherwise : otherwise());
    await wait(lookEveryMilliseconds);
  }
}
