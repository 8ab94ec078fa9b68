import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A receiver as a balancer knows it, by its ports on this machine. */
export interface Backend {
  port: number;
  opsPort: number;
}

/** A balancer of connections, as a simple one in production: it knows of its receivers what /readyz says, and nothing else. */
export interface Balancer extends AsyncDisposable {
  url: string;
  /** Which of its backends get new connections, by their place. */
  ready(): number[];
}

const local = '127.0.0.1';
const lookMilliseconds = 200;

/** Starts one. It tries no second backend where one refuses: what its client sees then is an error. */
export async function startBalancer(backends: readonly Backend[]): Promise<Balancer> {
  let ready: number[] = [];
  let turn = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const index = ready[turn++ % Math.max(ready.length, 1)];
    const backend = index === undefined ? undefined : backends[index];
    if (backend === undefined) {
      client.destroy();
      return;
    }
    const receiver = connect(backend.port, local);
    for (const [from, to] of [
      [client, receiver],
      [receiver, client],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.once('close', () => sockets.delete(from));
    }
  });
  const look = async (): Promise<void> => {
    const answers = await Promise.all(backends.map(({ opsPort }) => isReady(opsPort)));
    ready = answers.flatMap((answer, index) => (answer ? [index] : []));
  };
  await look();
  const looking = { over: false };
  const looks = (async () => {
    while (!looking.over) {
      await new Promise((resolve) => setTimeout(resolve, lookMilliseconds));
      await look();
    }
  })();
  server.listen(0, local);
  await once(server, 'listening');
  return {
    url: `http://${local}:${(server.address() as AddressInfo).port}`,
    ready: () => ready,
    async [Symbol.asyncDispose]() {
      looking.over = true;
      await looks;
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

async function isReady(opsPort: number): Promise<boolean> {
  try {
    const response = await fetch(`http://${local}:${opsPort}/readyz`, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
