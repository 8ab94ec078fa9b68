import { readTree } from '../tool/processor-time.ts';

/** Ends a process and all below it at once, as a lost machine does. */
export async function killTree(root: number): Promise<void> {
  for (const { pid } of await readTree([root])) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}
