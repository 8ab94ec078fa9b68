import { setHandler } from '@temporalio/workflow';
import { heldSignal } from './messages.ts';

/** Hears of the repairs of this run that wait for the end of an outage. */
export interface HeldRepairs {
  /**
   * What `work` comes to, or `held` where the repair waits first: then nobody waits for it, and it goes on by itself.
   *
   * @param workflowId - of the repair, which may not have been started
   */
  unlessHeld<Result>(workflowId: string, work: () => Promise<Result>): Promise<Result | 'held'>;
}

/** Listens for repairs that are held: each tells its parent. */
export function listenForHeldRepairs(): HeldRepairs {
  const waiting = new Map<string, () => void>();
  setHandler(
    heldSignal,
    ({ workflowId }) => {
      waiting.get(workflowId)?.();
    },
    { description: 'Sent by Landfall: a repair waits for the end of an outage.' },
  );
  return {
    async unlessHeld(workflowId, work) {
      const held = new Promise<'held'>((resolve) => {
        waiting.set(workflowId, () => {
          resolve('held');
        });
      });
      try {
        return await Promise.race([work(), held]);
      } finally {
        waiting.delete(workflowId);
      }
    },
  };
}
