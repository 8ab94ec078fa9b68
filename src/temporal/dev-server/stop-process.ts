import { setTimeout as wait } from 'node:timers/promises';

const graceMilliseconds = 10_000;
const lookEveryMilliseconds = 25;

/**
 * Asks a process to end, and ends it after ten seconds where it does not.
 *
 * @param isRunning - whether it still runs
 */
export async function stopProcess(pid: number, isRunning: () => boolean): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!send(pid, signal)) return;
    const deadline = performance.now() + graceMilliseconds;
    while (isRunning() && performance.now() < deadline) await wait(lookEveryMilliseconds);
    if (!isRunning()) return;
  }
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
