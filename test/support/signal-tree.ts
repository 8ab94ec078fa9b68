import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Sends a signal to a process and to all that descend from it: PostgreSQL's sessions are processes of their own. */
export async function signalTree(pid: number, signal: NodeJS.Signals): Promise<void> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=']);
  const children = new Map<number, number[]>();
  for (const line of stdout.trim().split('\n')) {
    const [child = 0, parent = 0] = line.trim().split(/\s+/).map(Number);
    children.set(parent, [...(children.get(parent) ?? []), child]);
  }
  const tree = [pid];
  // Grows while it is read, so that grandchildren are met too.
  for (const each of tree) tree.push(...(children.get(each) ?? []));
  for (const each of tree) {
    try {
      process.kill(each, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}
