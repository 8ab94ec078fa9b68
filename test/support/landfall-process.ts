import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const lineSchema = z.looseObject({ level: z.string(), msg: z.string() });

/** One line of a process's log. */
export type LogLine = z.infer<typeof lineSchema>;

/** A process of Landfall, as a supervisor has it. */
export interface LandfallProcess {
  /** What it has logged until now, without lines that are no JSON. */
  log(): LogLine[];
  /** All that it wrote to standard output and standard error. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when it has ended: with its exit code, or the signal that ended it. */
  exited: Promise<number | NodeJS.Signals>;
  /** Ends it where it still runs. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts `landfall <args>` from source. It sees these settings and nothing else of our environment, but PATH.
 * Its log is JSON, since it writes to no terminal.
 */
export function startLandfall(
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
): LandfallProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...args], {
    env: { PATH: process.env['PATH'], ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written = { out: '', error: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (written.error += text));
  const endWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  const exited = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject);
    // After its last output, unlike 'exit'.
    child.once('close', (code, signal) => {
      process.off('exit', endWithUs);
      resolve(code ?? signal ?? 'SIGKILL');
    });
  });
  return {
    log: () => written.out.split('\n').flatMap(readLine),
    output: () => written.out + written.error,
    kill: (signal) => void child.kill(signal),
    exited,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function readLine(line: string): LogLine[] {
  if (!line.startsWith('{') || !line.endsWith('}')) return [];
  return [lineSchema.parse(JSON.parse(line))];
}
