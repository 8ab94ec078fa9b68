import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

// Loaded into a process by `node --import` before all else, and so without tsx: its wall clock can be moved. At SIGUSR2 it reads
// from the file that FAULTS_CLOCK_FILE names by how many milliseconds. Timers run on, as they do when a machine's clock is set.
const file = process.env['FAULTS_CLOCK_FILE'];
if (file !== undefined && isMainThread) {
  const RealDate = Date;
  let offset = 0;
  const now = () => RealDate.now() + offset;
  globalThis.Date = new Proxy(RealDate, {
    // `new Date()` is now, every other form says its time itself.
    construct: (_target, args, newTarget) =>
      Reflect.construct(RealDate, args.length === 0 ? [now()] : args, newTarget),
    apply: () => new RealDate(now()).toString(),
    get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
  });
  process.on('SIGUSR2', () => {
    offset = Number(readFileSync(file, 'utf8'));
  });
}
