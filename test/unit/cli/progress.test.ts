import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Progress, withProgress } from '../../../src/cli/progress.ts';
import { TemporalUnavailableError } from '../../../src/errors.ts';

/** A stream that remembers what it was given. */
function open({ isTTY }: { isTTY: boolean }) {
  const stream = new PassThrough();
  let shown = '';
  stream.setEncoding('utf8').on('data', (text: string) => (shown += text));
  return {
    stream: Object.assign(stream, { isTTY, columns: 80, rows: 24 }) as unknown as NodeJS.WriteStream,
    shown: () => shown,
  };
}

describe('progress', () => {
  it('shows a bar on a terminal until the work has ended, and answers with its result', async () => {
    const terminal = open({ isTTY: true });
    let end: (result: string) => void = () => undefined;
    const work = new Promise<string>((resolve) => (end = resolve));
    const looks: Progress[] = [
      { done: 0, total: null, text: 'finding' },
      { done: 3, total: 10, text: '3 done' },
      { done: 12, total: 10, text: 'more than were counted' },
    ];
    const look = () => Promise.resolve(looks.length > 1 ? looks.shift()! : looks[0]!);
    const result = withProgress(work, look, terminal.stream);
    await expect.poll(terminal.shown, { timeout: 10_000 }).toContain('finding');
    await expect.poll(terminal.shown, { timeout: 10_000 }).toMatch(/█+░+ 3\/10 3 done/);
    await expect.poll(terminal.shown, { timeout: 10_000 }).toMatch(/█ 10\/10 more than were counted/);
    end('the result');
    expect(await result).toBe('the result');
  });

  it('leaves out answers that cannot be had, and fails where the work does', async () => {
    const terminal = open({ isTTY: true });
    let end: (error: Error) => void = () => undefined;
    const work = new Promise<string>((_, reject) => (end = reject));
    let looks = 0;
    const look = () => {
      looks += 1;
      return Promise.reject(new TemporalUnavailableError('No worker answers.'));
    };
    const result = withProgress(work, look, terminal.stream);
    await expect.poll(() => looks, { timeout: 10_000 }).toBeGreaterThan(1);
    end(new Error('the work failed'));
    await expect(result).rejects.toThrow('the work failed');
  });

  it('is silent elsewhere, so that a script captures the result alone', async () => {
    const file = open({ isTTY: false });
    const look = () => Promise.reject(new Error('nobody looks'));
    expect(await withProgress(Promise.resolve(1), look, file.stream)).toBe(1);
    expect(file.shown()).toBe('');
  });
});
