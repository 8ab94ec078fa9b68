import { createHash, timingSafeEqual } from 'node:crypto';
import { Router, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import type { Company } from './company.ts';
import type { Faults } from './faults.ts';
import type { Ledger } from './ledger.ts';
import type { Random } from './random.ts';
import { isTombstone, type RecordKind } from './records.ts';

/** What the vendor's API needs. */
export interface ApiDependencies {
  company: Company;
  ledger: Ledger;
  faults: () => Faults;
  random: Random;
  now: () => number;
  requestsPerSecond: number;
  /**
   * Resolves when every change so far would outlive a crash. Awaited between the reading and the answer, because a
   * version that was shown and then went back would look like a change undone.
   */
  kept: () => Promise<void>;
}

/** How long one round of being up and then down takes. */
const outageCycleMilliseconds = 20_000;

const listQuerySchema = z.strictObject({
  updated_since: z.iso.datetime({ offset: true }).optional(),
  cursor: z
    .string()
    .regex(/^c\d{1,15}$/, 'is none that we gave')
    .optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

/**
 * The vendor's API, for a router under `/v1`:
 * - `GET /customers/:id`, `GET /orders/:id`: the record; 410 where it is deleted, 404 where it never was
 * - `GET /changes?updated_since=&cursor=&limit=`: what changed, tombstones included, `{ data, next_cursor }`
 */
export function createVendorApi(dependencies: ApiDependencies): Router {
  const { company, kept } = dependencies;
  const api = Router();
  api.use(outages(dependencies), rateLimit(dependencies), errors(dependencies));

  const show = (kind: RecordKind) => async (request: Request<{ id: string }>, response: Response) => {
    const record = company.find(kind, request.params.id);
    await kept();
    if (record === undefined) answerError(response, 404, 'not_found', `There is no such ${kind}.`);
    else if (isTombstone(record)) answerError(response, 410, 'gone', `This ${kind} was deleted.`);
    else response.json(record);
  };
  api.get('/customers/:id', show('customer'));
  api.get('/orders/:id', show('order'));
  api.get('/changes', async (request, response) => {
    const query = listQuerySchema.safeParse(request.query);
    if (!query.success) {
      answerError(response, 400, 'bad_request', z.prettifyError(query.error));
      return;
    }
    const { updated_since: since, cursor = 'c0', limit } = query.data;
    const page = company.listChanged({
      since: since === undefined ? null : Date.parse(since),
      cursor: Number(cursor.slice(1)),
      limit,
    });
    await kept();
    const next = page.nextCursor === null ? null : `c${page.nextCursor}`;
    response.json({ data: page.records, next_cursor: next });
  });
  return api;
}

/** Lets only those pass who show the token. */
export function requireToken(token: string): RequestHandler {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const expected = digest(`Bearer ${token}`);
  return (request, response, next) => {
    if (timingSafeEqual(digest(request.get('authorization') ?? ''), expected)) next();
    else answerError(response, 401, 'unauthorized', 'Send the API token as "Authorization: Bearer <token>".');
  };
}

export function answerError(response: Response, status: number, code: string, message: string): void {
  response.status(status).json({ error: { code, message } });
}

function outages({ faults, ledger, now }: ApiDependencies): RequestHandler {
  const start = now();
  return (request: Request, _response: Response, next: NextFunction) => {
    const phase = ((now() - start) % outageCycleMilliseconds) / outageCycleMilliseconds;
    if (phase < 1 - faults().outages) {
      next();
      return;
    }
    ledger.count('apiOutages');
    request.socket.destroy();
  };
}

function rateLimit({ requestsPerSecond, ledger, now }: ApiDependencies): RequestHandler {
  let second = 0;
  let used = 0;
  return (_request, response, next) => {
    ledger.count('apiRequests');
    const current = Math.floor(now() / 1000);
    if (current !== second) [second, used] = [current, 0];
    used += 1;
    if (used <= requestsPerSecond) {
      next();
      return;
    }
    ledger.count('apiRateLimited');
    response.set('retry-after', '1');
    answerError(
      response,
      429,
      'rate_limited',
      `No more than ${requestsPerSecond} requests a second, please.`,
    );
  };
}

function errors({ faults, random, ledger }: ApiDependencies): RequestHandler {
  return (_request, response, next) => {
    if (!random.hits(faults().apiErrors)) {
      next();
      return;
    }
    ledger.count('apiErrors');
    answerError(response, random.pick([500, 503]), 'internal', 'Something went wrong on our side.');
  };
}
