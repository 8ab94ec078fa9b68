import { setTimeout as wait } from 'node:timers/promises';
import { type LandfallProcess, startProcess } from '../../support/landfall-process.ts';

/** One receiver or worker with a supervisor: where it ends by itself, it is started again after a second. */
export interface Replica extends AsyncDisposable {
  /** Ends it with SIGKILL, and keeps it down until `start`. */
  kill(): Promise<void>;
  /** Resolves when it is up. */
  start(): Promise<void>;
  /** Stops it as a deployment does, with SIGTERM, and starts it again. */
  restart(): Promise<void>;
  /** For SIGSTOP, SIGCONT and the like: nobody looks whether it ends of it. */
  signal(signal: NodeJS.Signals): void;
  /** The log of all its lives. */
  log(): string;
}

const restartPauseMilliseconds = 1_000;

/**
 * Starts one.
 *
 * @param built - the compiled program
 */
export async function startReplica(
  command: 'receiver' | 'worker',
  settings: Readonly<Record<string, string>>,
  built: string,
): Promise<Replica> {
  let current: LandfallProcess | null = null;
  const state = { wanted: true };
  let before = '';

  const launch = async (): Promise<void> => {
    const started = await startProcess(command, settings, built);
    current = started;
    void started.exited.then(() => {
      before += started.output();
      if (current === started) current = null;
      if (state.wanted) void supervise();
    });
    // Not wanted any more while it started.
    if (!state.wanted) started.kill('SIGKILL');
  };
  const supervise = async (): Promise<void> => {
    while (current === null) {
      await wait(restartPauseMilliseconds);
      if (!state.wanted) return;
      await launch().catch((error: unknown) => {
        // Such as a worker whose Temporal is away: it says so, and ends.
        before += String(error);
      });
    }
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    state.wanted = false;
    const ending = current;
    ending?.kill(signal);
    await ending?.exited;
  };
  const start = async (): Promise<void> => {
    state.wanted = true;
    await launch();
  };
  await start();

  return {
    kill: () => end('SIGKILL'),
    start,
    restart: async () => {
      await end('SIGTERM');
      await start();
    },
    signal: (signal) => current?.kill(signal),
    log: () => before + (current?.output() ?? ''),
    [Symbol.asyncDispose]: () => end('SIGKILL'),
  };
}
