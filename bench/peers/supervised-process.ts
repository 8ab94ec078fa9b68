import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { signalTree } from '../../test/support/signal-tree.ts';

const upWithinMilliseconds = 180_000;
/** Of a process that ended by itself, before it is started again, as a supervisor does. */
const restartPauseMilliseconds = 500;

/** How a process is started. */
export interface ProcessOptions {
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  /** What it prints when it is up, or a question that succeeds then. */
  up: string | (() => Promise<boolean>);
}

/** A process under a supervisor: one that ends by itself is started again. */
export interface SupervisedProcess {
  pid(): number;
  /** How often it ended by itself. */
  crashes(): number;
  /** What it has printed since it was started last. */
  output(): string;
  /** SIGKILL, for it and all below it. It stays down. */
  kill(): Promise<void>;
  /** After `kill`; resolves when it is up. */
  start(): Promise<void>;
}

/** Starts a process and waits until it is up. @throws Error with its output where it does not come up within three minutes */
export async function supervise(options: ProcessOptions): Promise<SupervisedProcess> {
  let crashes = 0;
  let wanted = true;
  let child = launch(options);
  watch();
  await untilUp();

  function watch(): void {
    const mine = child;
    mine.process.once('exit', () => {
      if (!wanted || mine !== child) return;
      crashes += 1;
      setTimeout(() => {
        if (!wanted || mine !== child) return;
        child = launch(options);
        watch();
      }, restartPauseMilliseconds);
    });
  }

  async function untilUp(): Promise<void> {
    const deadline = performance.now() + upWithinMilliseconds;
    const { up } = options;
    while (!(typeof up === 'string' ? child.output().includes(up) : await up().catch(() => false))) {
      if (performance.now() > deadline) {
        throw new Error(`${options.args.join(' ')} does not come up:\n${child.output().slice(-3_000)}`);
      }
      await wait(20);
    }
  }

  return {
    pid: () => child.process.pid ?? -1,
    crashes: () => crashes,
    output: () => child.output(),
    async kill() {
      wanted = false;
      if (child.process.exitCode !== null || child.process.signalCode !== null) return;
      const exited = once(child.process, 'exit');
      await signalTree(child.process.pid ?? -1, 'SIGKILL');
      await exited;
    },
    async start() {
      wanted = true;
      child = launch(options);
      watch();
      await untilUp();
    },
  };
}

/** Runs a command to its end. @throws Error with its output where it does not end with 0 */
export async function runToEnd(options: Omit<ProcessOptions, 'up'>): Promise<void> {
  const child = launch(options);
  await once(child.process, 'exit');
  if (child.process.exitCode !== 0) throw new Error(`${options.args.join(' ')} failed:\n${child.output()}`);
}

function launch({ command, args, env }: Omit<ProcessOptions, 'up'>): {
  process: ChildProcess;
  output: () => string;
} {
  const started = spawn(command, args, {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const hear = (chunk: Buffer): void => {
    if (text.length < 100_000) text += chunk.toString('utf8');
  };
  started.stdout.on('data', hear);
  started.stderr.on('data', hear);
  const endWithUs = (): void => void started.kill('SIGKILL');
  process.once('exit', endWithUs);
  started.once('exit', () => process.off('exit', endWithUs));
  return { process: started, output: () => text };
}
