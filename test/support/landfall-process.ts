import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { startLandfall } from './landfall-command.ts';

const lineSchema = z.looseObject({ level: z.string(), msg: z.string() });
/** What each logs when it is up. */
const up = { receiver: 'receiving', worker: 'working' } as const;
const upWithinMilliseconds = 120_000;

/** A process of Landfall, as a supervisor has it. */
export interface LandfallProcess {
  pid: number;
  /** The messages that it has logged until now. */
  messages(): string[];
  /** All that it has said until now. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
  /** Resolves to its exit code when it has ended; to null where a signal ended it. */
  exited: Promise<number | null>;
  /** Ends it where it still runs. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a receiver or a worker, and waits until it is up.
 *
 * @param settings - all that it finds in its environment, beside what every command gets
 * @param program - @default what the run has compiled
 */
export async function startProcess(
  command: keyof typeof up,
  settings: Readonly<Record<string, string>>,
  program?: string,
): Promise<LandfallProcess> {
  const started = await startLandfall([command], settings, program);
  const endWithUs = (): void => started.kill('SIGKILL');
  process.once('exit', endWithUs);
  const state = { ended: false };
  const exited = started.ended.then(({ exitCode }) => {
    process.off('exit', endWithUs);
    state.ended = true;
    return exitCode;
  });
  const messages = (): string[] => started.output().split('\n').flatMap(readMessage);
  const deadline = performance.now() + upWithinMilliseconds;
  const line = `"msg":"${up[command]}"`;
  while (!started.output().includes(line)) {
    if (state.ended || performance.now() > deadline) {
      started.kill('SIGKILL');
      throw new Error(`The ${command} did not start:\n${started.output()}`);
    }
    await wait(50);
  }
  return {
    pid: started.pid,
    messages,
    output: started.output,
    kill: started.kill,
    exited,
    async [Symbol.asyncDispose]() {
      started.kill('SIGKILL');
      await exited;
    },
  };
}

/** The message of a line of the log, which is JSON where there is no terminal. */
function readMessage(line: string): string[] {
  if (!line.startsWith('{') || !line.endsWith('}')) return [];
  return [lineSchema.parse(JSON.parse(line)).msg];
}
