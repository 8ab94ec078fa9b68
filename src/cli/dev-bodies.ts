import { randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { StoreUnavailableError } from '../errors.ts';
import { listen } from '../receiver/server.ts';
import type { Store } from '../store/store.ts';
import { equalInConstantTime } from '../verification/digest.ts';
import type { Service } from './runtime.ts';

/** Where commands of the same user read the large bodies of the embedded store, which belongs to the process of `landfall dev`. */
export interface DevBodies {
  /** On this machine alone. */
  url: string;
  /** Known to who may read `dev.json`. */
  token: string;
}

type Bodies = Pick<Store, 'readBody'>;

/** Serves the bodies of a store: `GET /<sha256>`, to who knows the token. */
export async function serveBodies(store: Bodies): Promise<Service & { bodies: DevBodies }> {
  const token = randomBytes(32).toString('base64url');
  const expected = Buffer.from(`Bearer ${token}`);
  const answer: RequestListener = (request, response) => {
    if (!equalInConstantTime(Buffer.from(request.headers.authorization ?? ''), expected)) {
      response.writeHead(401).end();
      return;
    }
    store.readBody((request.url ?? '').slice(1)).then(
      (body) => (body === null ? response.writeHead(404).end() : response.writeHead(200).end(body)),
      () => response.writeHead(503).end(),
    );
  };
  const server = await listen(answer, { host: '127.0.0.1', port: 0, setting: 'LANDFALL_PORT' });
  return { bodies: { url: server.url, token }, stop: () => server.close(1_000) };
}

/** The bodies that `serveBodies` serves. */
export function fetchBodies({ url, token }: DevBodies): Bodies {
  return {
    async readBody(sha256) {
      const response = await fetch(new URL(`/${sha256}`, url), {
        headers: { authorization: `Bearer ${token}` },
      }).catch((cause: unknown) => {
        throw new StoreUnavailableError('The embedded store cannot be reached: is "npm start" running?', {
          cause,
        });
      });
      if (response.status === 404) return null;
      if (!response.ok) throw new StoreUnavailableError(`The embedded store answers ${response.status}.`);
      return Buffer.from(await response.arrayBuffer());
    },
  };
}
