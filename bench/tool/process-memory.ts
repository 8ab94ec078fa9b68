import { readOrNull, readTree } from './processor-time.ts';

const bytesPerKibibyte = 1_024;

/** Memory of one process, in bytes. */
export interface ProcessMemory {
  resident: number;
  /** The most that it had resident since it began. */
  peak: number;
}

/** @throws Error where the process has ended */
export async function readMemory(pid: number): Promise<ProcessMemory> {
  const status = await readOrNull(`/proc/${pid}/status`);
  if (status === null) throw new Error(`The process ${pid} has ended.`);
  return { resident: kibibytes(status, 'VmRSS'), peak: kibibytes(status, 'VmHWM') };
}

/**
 * Bytes that these processes and all below them have passed to `write` and its like: of PostgreSQL, its WAL and its tables, since it
 * sends to sockets by another call. (`write_bytes` would count the whole of each large folio of the page cache again and again.)
 *
 * @see man 5 proc_pid_io
 */
export async function readWrittenBytes(roots: readonly number[]): Promise<number> {
  const tree = await readTree(roots);
  const texts = await Promise.all(tree.map(({ pid }) => readOrNull(`/proc/${pid}/io`)));
  return texts.reduce((sum, text) => sum + Number(/^wchar: (\d+)$/m.exec(text ?? '')?.[1] ?? 0), 0);
}

function kibibytes(status: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status);
  return Number(found?.[1] ?? Number.NaN) * bytesPerKibibyte;
}
