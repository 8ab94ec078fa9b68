import { readdir, readFile } from 'node:fs/promises';

/** Linux counts a process's time in hundredths of a second. @see man 5 proc_pid_stat */
const millisecondsPerTick = 10;

/** These processes and all below them: their ids, and the processor time they have used with that of ended children. */
export async function readProcessTree(
  roots: readonly number[],
): Promise<{ pids: number[]; processorMilliseconds: number }> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(names.map((name) => readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')));
  const all = lines.filter((line) => line !== '').map(readLine);
  const pids = new Set(roots);
  for (let before = 0; before !== pids.size; ) {
    before = pids.size;
    for (const { pid, parent } of all) if (pids.has(parent)) pids.add(pid);
  }
  const ticks = all.filter(({ pid }) => pids.has(pid)).reduce((sum, each) => sum + each.ticks, 0);
  return { pids: [...pids], processorMilliseconds: ticks * millisecondsPerTick };
}

/** Ends these processes and all below them at once, as a lost machine does. */
export async function killTree(root: number): Promise<void> {
  for (const pid of (await readProcessTree([root])).pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}

function readLine(line: string): { pid: number; parent: number; ticks: number } {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return { pid: Number.parseInt(line, 10), parent: field(4), ticks: field(14) + field(15) + field(16) + field(17) };
}
