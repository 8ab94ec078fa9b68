import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { descendants, readProcessorTime, readProcessTimes } from '../../../bench/tool/processor-time.ts';

test('a line of /proc is read whatever the name of its process', () => {
  const line = '42 (a ) (b) S 7 1 1 0 -1 0 0 0 0 0 10 20 3 4 20 0 1 0 5 6';
  expect(readProcessTimes(line)).toEqual({ pid: 42, parent: 7, milliseconds: 370 });
});

test('a tree is its roots and all below them, each once', () => {
  const all = [
    { pid: 1, parent: 0, milliseconds: 1 },
    { pid: 2, parent: 1, milliseconds: 1 },
    { pid: 3, parent: 2, milliseconds: 1 },
    { pid: 4, parent: 1, milliseconds: 1 },
  ];
  expect(descendants(all, [2, 3]).map(({ pid }) => pid)).toEqual([2, 3]);
  expect(descendants(all, [1]).map(({ pid }) => pid)).toEqual([1, 2, 3, 4]);
});

test.skipIf(process.platform !== 'linux')(
  'time that a child used is counted for its parent once it has ended',
  async () => {
    const before = await readProcessorTime([process.pid]);
    const busy = 'const end = process.cpuUsage().user + 3e5; while (process.cpuUsage().user < end);';
    await once(spawn(process.execPath, ['--eval', busy]), 'exit');
    expect((await readProcessorTime([process.pid])) - before).toBeGreaterThanOrEqual(300);
  },
);
