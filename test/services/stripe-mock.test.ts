import { type ChildProcess, spawn } from 'node:child_process';
import getPort from 'get-port';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Source } from '../../src/sources/define-source.ts';
import { stripeTypes } from '../../src/sources/stripe-paths.ts';
import { stripeSource } from '../../src/sources/stripe.ts';
import { buildGoTool } from '../support/build-go-tool.ts';

const signal = new AbortController().signal;
const say = (text: string): void => void process.stderr.write(`${text}\n`);
let mock: ChildProcess | null = null;
/** Why there is no stand-in here. */
let unavailable: string | null = null;
let source: Required<Pick<Source, 'fetchRecord' | 'listChanged'>>;

beforeAll(async () => {
  let program: string;
  try {
    program = await buildGoTool('stripe-mock', say);
  } catch (error) {
    // A machine without Go may skip this, the machine that decides about a release may not.
    if (process.env['CI'] !== undefined) throw error;
    unavailable = error instanceof Error ? error.message : String(error);
    return;
  }
  const port = await getPort({ host: '127.0.0.1' });
  mock = spawn(program, ['-http-addr', `127.0.0.1:${port}`], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  const { fetchRecord, listChanged } = stripeSource.create(
    z.object(stripeSource.settings).parse({ STRIPE_API_KEY: 'sk_test_123', STRIPE_API_URL: url }),
  );
  if (fetchRecord === undefined || listChanged === undefined) throw new Error('With a key both are there.');
  source = { fetchRecord, listChanged };
  await vi.waitFor(() => fetch(url), { timeout: 30_000, interval: 100 });
});
afterAll(() => void mock?.kill());
beforeEach(({ skip }) => {
  if (unavailable !== null) skip(unavailable);
});

// Stripe's own stand-in, made from its API's published description: it answers what the API answers, at its addresses alone.
describe('Stripe’s stand-in for its API', () => {
  it.each(stripeTypes)('shows each %s where it is fetched from', async (type) => {
    const record = await source.fetchRecord({ type, id: 'obj_123' }, { signal });
    expect(record?.data).toMatchObject({ id: 'obj_123', object: type });
  });

  it('has the lists that a backfill reads, and the list of events', async () => {
    let cursor: string | null = null;
    const types = new Set<string>();
    let pages = 0;
    do {
      const page = await source.listChanged({ since: null, cursor }, { signal });
      for (const { entity } of page.changes) types.add(entity.type);
      cursor = page.nextCursor;
      pages += 1;
    } while (cursor !== null && pages < 50);
    expect(cursor).toBeNull();
    expect([...types]).toEqual(expect.arrayContaining(['customer', 'invoice', 'subscription', 'refund']));
  });
});
