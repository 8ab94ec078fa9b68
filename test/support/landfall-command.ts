import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';

/** What a command said and how it ended. */
export interface CommandResult {
  /** null where a signal ended it. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** A command that runs. */
export interface RunningCommand {
  pid: number;
  /** What it has said so far, on both of its streams. */
  output(): string;
  ended: Promise<CommandResult>;
  kill(signal: NodeJS.Signals): void;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
/** So that no command of a test meets the `landfall dev` that a developer has running. */
const nowhere = join(tmpdir(), 'landfall-no-data');

/**
 * Starts `landfall <args>` as a user does, in a process of its own.
 *
 * @param env - all that it finds in its environment, beside PATH and HOME
 * @param program - @default what the run has compiled
 */
export async function startLandfall(
  args: readonly string[],
  env: Record<string, string> = {},
  program = inject('landfall'),
): Promise<RunningCommand> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      NO_COLOR: '1',
      LANDFALL_DATA_DIRECTORY: nowhere,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '', both: '' };
  const hear = (stream: ChildProcess['stdout'], name: 'stdout' | 'stderr') => {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      said.both += text;
    });
  };
  hear(child.stdout, 'stdout');
  hear(child.stderr, 'stderr');
  const ended = once(child, 'close').then(() => ({
    exitCode: child.exitCode,
    stdout: said.stdout,
    stderr: said.stderr,
  }));
  await once(child, 'spawn');
  if (child.pid === undefined) throw new Error('The command has no process id.');
  return {
    pid: child.pid,
    output: () => said.both,
    ended,
    kill: (signal) => void child.kill(signal),
  };
}

/** Runs `landfall <args>` to its end. */
export async function runLandfall(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<CommandResult> {
  return (await startLandfall(args, env)).ended;
}
