import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const keptLines = 20;

/** How a command is run. */
export interface CommandOptions {
  environment: Record<string, string | undefined>;
  /** Where it runs. @default where we run */
  cwd?: string;
  /** Each line of its output, standard and error alike, as it comes. */
  onLine?: (line: string) => void;
  /** Kills the command when aborted. */
  signal?: AbortSignal | undefined;
  /** Kills it after this long; no limit where it is not given. */
  timeoutMilliseconds?: number;
}

/**
 * Runs a command to its end and gives back its output.
 *
 * @throws Error with the exit code and the last lines of output where it fails, cannot be started, or is stopped
 */
export async function runCommand(file: string, args: string[], options: CommandOptions): Promise<string> {
  const child = spawn(file, args, {
    env: options.environment,
    cwd: options.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
    signal: options.signal,
    timeout: options.timeoutMilliseconds,
    killSignal: 'SIGKILL',
  });
  const lines: string[] = [];
  const read = (line: string): void => {
    lines.push(line);
    options.onLine?.(line);
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', read);

  const { code, signal } = await new Promise<{ code: number | null; signal: string | null }>(
    (resolve, reject) => {
      child.once('error', (cause) => reject(new Error(`${file} cannot be run: ${cause.message}`, { cause })));
      child.once('close', (code, signal) => resolve({ code, signal }));
    },
  );
  if (code === 0) return lines.join('\n');
  const how = code === null ? `was stopped by ${signal ?? 'a signal'}` : `ended with exit code ${code}`;
  const tail = lines.slice(-keptLines).join('\n');
  throw new Error(`\`${[file, ...args].join(' ')}\` ${how}${tail === '' ? '' : `:\n${tail}`}`);
}
