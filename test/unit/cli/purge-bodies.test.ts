import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { purgeBodies } from '../../../src/cli/purge-bodies.ts';
import type { Runtime } from '../../../src/cli/runtime.ts';
import { createLogger } from '../../../src/monitoring/logger.ts';

const [hour, day] = [3_600_000, 86_400_000];

describe('Large bodies that nobody uses', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function start(purge: (unusedMilliseconds: number) => Promise<number>) {
    const log: string[] = [];
    const destination = { write: (line: string) => void log.push(line) };
    const logger = createLogger({ level: 'info', format: 'json', redact: (text) => text, destination });
    const runtime = { store: { purgeBodies: purge }, config: { keepBodiesMilliseconds: 90 * day }, logger };
    return { log, service: purgeBodies(runtime as unknown as Runtime) };
  }

  it('are dropped after the time that is set: not before dead letters had time to say what they use, then daily', async () => {
    const purge = vi.fn(() => Promise.resolve(3));
    const { log, service } = start(purge);
    await vi.advanceTimersByTimeAsync(hour - 1);
    expect(purge).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(purge).toHaveBeenCalledTimes(1);
    expect(purge).toHaveBeenCalledWith(90 * day);
    await vi.advanceTimersByTimeAsync(3 * day);
    expect(purge).toHaveBeenCalledTimes(4);
    expect(log[0]).toContain('"purged":3');
    await service.stop();
    await vi.advanceTimersByTimeAsync(3 * day);
    expect(purge).toHaveBeenCalledTimes(4);
  });

  it('are tried again the next day where the store was away', async () => {
    const purge = vi.fn(() => Promise.reject(new Error('no connection')));
    const { log, service } = start(purge);
    await vi.advanceTimersByTimeAsync(hour + day);
    expect(purge).toHaveBeenCalledTimes(2);
    expect(log[0]).toContain('no connection');
    await service.stop();
  });
});
