import { spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import getPort from 'get-port';
import { z } from 'zod';

/**
 * What a link does to the bytes on it, by toxiproxy's names and attributes: milliseconds, bytes, kilobytes a second.
 *
 * @see https://github.com/Shopify/toxiproxy#toxics
 */
export type Toxic =
  | { type: 'latency'; attributes: { latency: number; jitter: number } }
  | { type: 'bandwidth'; attributes: { rate: number } }
  /** Resets the connection after the time. */
  | { type: 'reset_peer'; attributes: { timeout: number } }
  /** Swallows all bytes, and closes the connection after the time; 0: never, so it is half open. */
  | { type: 'timeout'; attributes: { timeout: number } }
  /** Cuts packets into pieces, with a pause in microseconds between them. */
  | { type: 'slicer'; attributes: { average_size: number; size_variation: number; delay: number } };

/** The way from one part to another, on which faults can be put. */
export interface Link {
  /** `127.0.0.1:<port>`: what the one who connects is told. */
  address: string;
  /** Refuses and ends all connections until the returned function is called. */
  cutOff(): Promise<() => Promise<void>>;
  /**
   * Does this to every connection, in both directions, until the returned function is called.
   *
   * @param share - of the connections that it happens to. @default 1
   */
  poison(toxic: Toxic, share?: number): Promise<() => Promise<void>>;
  remove(): Promise<void>;
}

/** A running toxiproxy. */
export interface Toxiproxy extends AsyncDisposable {
  /** @param upstream - `host:port` */
  link(name: string, upstream: string): Promise<Link>;
}

const proxySchema = z.object({ listen: z.string() });
const readyWithinMilliseconds = 20_000;

/** Starts toxiproxy on 127.0.0.1. */
export async function startToxiproxy(binary: string): Promise<Toxiproxy> {
  const port = await getPort({ host: '127.0.0.1' });
  const child = spawn(binary, ['-host', '127.0.0.1', '-port', String(port)], { stdio: 'ignore' });
  const endWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithUs);

  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`toxiproxy answered ${answer.status} to ${method} ${path}: ${text}`);
    return text === '' ? null : JSON.parse(text);
  };
  await untilAnswered(() => call('GET', '/version'));
  let poisons = 0;

  return {
    async link(name, upstream) {
      const { listen } = proxySchema.parse(
        await call('POST', '/proxies', { name, listen: '127.0.0.1:0', upstream, enabled: true }),
      );
      const path = `/proxies/${name}`;
      return {
        address: listen,
        cutOff: async () => {
          await call('PATCH', path, { enabled: false });
          return async () => {
            await call('PATCH', path, { enabled: true });
          };
        },
        poison: async (toxic, share = 1) => {
          const names = (['upstream', 'downstream'] as const).map((stream) => ({
            stream,
            name: `${toxic.type}-${(poisons += 1)}`,
          }));
          for (const each of names)
            await call('POST', `${path}/toxics`, { ...toxic, ...each, toxicity: share });
          return async () => {
            for (const each of names) await call('DELETE', `${path}/toxics/${each.name}`);
          };
        },
        remove: async () => {
          await call('DELETE', path);
        },
      };
    },
    [Symbol.asyncDispose]: () => {
      process.off('exit', endWithUs);
      child.kill('SIGKILL');
      return Promise.resolve();
    },
  };
}

async function untilAnswered(ask: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + readyWithinMilliseconds;
  for (;;) {
    try {
      await ask();
      return;
    } catch (cause) {
      if (performance.now() > deadline) throw new Error('toxiproxy does not start', { cause });
      await wait(50);
    }
  }
}
