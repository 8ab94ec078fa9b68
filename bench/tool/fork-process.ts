import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { compiled } from './compile.ts';

const answerSchema = z.union([z.object({ value: z.unknown() }), z.object({ error: z.string() })]);

/** A process of the benchmark's own that answers messages, one after the other. */
export interface ForkedProcess<Ready> {
  pid: number;
  /** What it said when it was ready. */
  ready: Ready;
  /** @throws Error with what the process threw, or that it ended */
  ask<Answer>(message: object, schema: z.ZodType<Answer>): Promise<Answer>;
  stop(): Promise<void>;
}

/**
 * Starts a compiled file below bench/ that calls `answerParent`, and waits until it is ready. Its output goes to `<name>.log`.
 *
 * @param file - such as `tool/load-process.ts`
 */
export async function forkProcess<Ready>(
  file: string,
  {
    ready,
    directory,
    env = {},
  }: { ready: z.ZodType<Ready>; directory: string; env?: Record<string, string> },
): Promise<ForkedProcess<Ready>> {
  const log = await open(join(directory, `${file.replaceAll('/', '-')}.log`), 'a');
  const child = fork(compiled(`bench/${file}`), [], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    // Without what this process was started with: the child is JavaScript already.
    execArgv: [],
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  });
  await log.close();
  const endWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  child.once('exit', () => process.off('exit', endWithUs));
  const started = await answerOf(child, file, ready);
  if (child.pid === undefined) throw new Error(`${file} has no process id.`);
  return {
    pid: child.pid,
    ready: started,
    ask: async (message, schema) => {
      const answer = answerOf(child, file, schema);
      child.send(message);
      return answer;
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function answerOf<Answer>(child: ChildProcess, file: string, schema: z.ZodType<Answer>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => {
      reject(new Error(`${file} ended with ${code ?? 'a signal'}.`));
    };
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      try {
        const answer = answerSchema.parse(message);
        if ('error' in answer) reject(new Error(`${file}: ${answer.error}`));
        else resolve(schema.parse(answer.value));
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });
}
