import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import getPort from 'get-port';
import { compiled } from './compile.ts';

/** What each logs when it is up. */
const up = { receiver: '"receiving"', worker: '"working"' } as const;
const upWithinMilliseconds = 60_000;
const lookEveryMilliseconds = 10;
let started = 0;

/** A receiver or a worker of Landfall, in a process of its own as in production. */
export interface LandfallPart {
  pid: number;
  /** `http://127.0.0.1:<port>`, of a receiver. */
  url: string;
  /** `http://127.0.0.1:<port>`, of its ops port. */
  opsUrl: string;
  /** From its start as a process until it said that it is up. */
  startMilliseconds: number;
  /** Asks it to end, as a supervisor does, and waits until it has. */
  stop(): Promise<void>;
}

/**
 * Starts `landfall receiver` or `landfall worker`, compiled, with every setting at its default but the given ones. Its log, at the
 * default level, goes to a file.
 *
 * @param options.untilUp - false does not wait for it. @default true
 */
export async function startLandfall(
  part: keyof typeof up,
  settings: Readonly<Record<string, string>>,
  { directory, untilUp = true }: { directory: string; untilUp?: boolean },
): Promise<LandfallPart> {
  started += 1;
  const logFile = join(directory, `${part}-${started}.log`);
  const log = await open(logFile, 'a');
  const port = await getPort({ host: '127.0.0.1' });
  const opsPort = await getPort({ host: '127.0.0.1', exclude: [port] });
  const begun = performance.now();
  const child = spawn(process.execPath, [compiled('src/cli/main.ts'), part], {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      LANDFALL_HOST: '127.0.0.1',
      LANDFALL_PORT: String(port),
      LANDFALL_OPS_HOST: '127.0.0.1',
      LANDFALL_OPS_PORT: String(opsPort),
      ...settings,
    },
    stdio: ['ignore', log.fd, log.fd],
  });
  const spawned = once(child, 'spawn');
  await log.close();
  await spawned;
  const endWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  const ended = once(child, 'exit').then(() => process.off('exit', endWithUs));
  if (child.pid === undefined) throw new Error(`The ${part} has no process id.`);
  while (untilUp && !(await readFile(logFile, 'utf8')).includes(up[part])) {
    if (child.exitCode !== null || performance.now() - begun > upWithinMilliseconds) {
      child.kill('SIGKILL');
      throw new Error(`The ${part} did not start:\n${await readFile(logFile, 'utf8')}`);
    }
    await wait(lookEveryMilliseconds);
  }
  return {
    pid: child.pid,
    url: `http://127.0.0.1:${port}`,
    opsUrl: `http://127.0.0.1:${opsPort}`,
    startMilliseconds: performance.now() - begun,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
