import express, { type Express, type RequestHandler } from 'express';
import type { Registry } from 'prom-client';
import { sendProblem } from './problem.ts';

/** A part that has to answer for the process to be of use; throws where it does not. */
export type Check = () => Promise<unknown>;

/** Where a process is in its life; balancers and supervisors send work to one that is `serving` alone. */
export type Phase = 'starting' | 'serving' | 'stopping';

const checkMilliseconds = 2_000;

/**
 * What operators and their tools see, on a port of its own: `/livez` (the process runs), `/readyz` (it serves and each part answers,
 * or 503 with the names of those that do not), `/metrics` (Prometheus), `/console`.
 *
 * @param readyWith - the parts without which the process is not ready; the others are only reported
 * @param moreMetrics - what others measure in this process, in Prometheus' text format. @default nothing
 * @param phase - asked at each `/readyz`
 */
export function createOps({
  checks,
  readyWith,
  registry,
  moreMetrics = () => Promise.resolve(''),
  phase,
  console = (_request, _response, next) => {
    next();
  },
}: {
  checks: Readonly<Record<string, Check>>;
  readyWith: 'all' | 'any';
  registry: Registry;
  moreMetrics?: (() => Promise<string>) | undefined;
  phase: () => Phase;
  /** Answers what is under `/console`, and passes on all else. @default there is none */
  console?: RequestHandler;
}): Express {
  const app = express();
  app.disable('x-powered-by');
  app.get('/livez', (_request, response) => {
    response.json({ status: 'ok' });
  });
  app.get('/readyz', async (_request, response) => {
    const results = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await answers(check)] as const),
    );
    const up = results.filter(([, ok]) => ok).length;
    const enough = readyWith === 'all' ? up === results.length : up > 0;
    const parts = Object.fromEntries(results.map(([name, ok]) => [name, ok ? 'ok' : 'unreachable']));
    const now = phase();
    const ready = now === 'serving' && enough;
    const status = now !== 'serving' ? now : ready ? 'ok' : 'unavailable';
    response.status(ready ? 200 : 503).json({ status, ...parts });
  });
  app.get('/metrics', async (_request, response) => {
    const [ours, more] = await Promise.all([registry.metrics(), moreMetrics()]);
    response.type(registry.contentType).send(`${ours}${more}`);
  });
  app.use(console);
  app.use((_request, response) => {
    sendProblem(response, 'LANDFALL_PATH_UNKNOWN', 'There are /livez, /readyz, /metrics and /console.');
  });
  return app;
}

async function answers(check: Check): Promise<boolean> {
  const timeout = new Promise<false>((resolve) => {
    setTimeout(resolve, checkMilliseconds, false).unref();
  });
  const answer = check().then(
    () => true,
    () => false,
  );
  return Promise.race([answer, timeout]);
}
