import { readdir, readFile } from 'node:fs/promises';

/** Linux counts a process's time in hundredths of a second, whatever its own clock does. @see man 5 proc_pid_stat */
const millisecondsPerTick = 10;

/** One process, from its line in `/proc/<pid>/stat`. */
export interface ProcessTimes {
  pid: number;
  parent: number;
  /** Its own user and system time, and that of its children which ended and were waited for. */
  milliseconds: number;
}

/** Reads a line of `/proc/<pid>/stat`; the name in it may hold spaces and brackets. */
export function readProcessTimes(line: string): ProcessTimes {
  const afterName = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(afterName[number - 3] ?? Number.NaN);
  const ticks = [14, 15, 16, 17].reduce((sum, number) => sum + field(number), 0);
  return { pid: Number.parseInt(line, 10), parent: field(4), milliseconds: ticks * millisecondsPerTick };
}

/** Of these processes, those in `roots` and all that descend from them. */
export function descendants(all: readonly ProcessTimes[], roots: readonly number[]): ProcessTimes[] {
  const found = new Map<number, ProcessTimes>();
  const add = (each: ProcessTimes): void => {
    if (found.has(each.pid)) return;
    found.set(each.pid, each);
    for (const child of all) if (child.parent === each.pid) add(child);
  };
  for (const each of all) if (roots.includes(each.pid)) add(each);
  return [...found.values()];
}

/** The processes with these ids and all below them, as they stand now. */
export async function readTree(roots: readonly number[]): Promise<ProcessTimes[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(names.map((name) => readOrNull(`/proc/${name}/stat`)));
  return descendants(lines.filter((line) => line !== null).map(readProcessTimes), roots);
}

/** Processor time that these processes and all below them have used, in milliseconds, to 10 ms. */
export async function readProcessorTime(roots: readonly number[]): Promise<number> {
  return (await readTree(roots)).reduce((sum, { milliseconds }) => sum + milliseconds, 0);
}

/** A file of `/proc`; null where its process has ended meanwhile. */
export async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return null;
  }
}
