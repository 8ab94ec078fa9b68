import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { VendorAnswerError, VendorRateLimitedError, VendorRefusedError } from '../../../src/errors.ts';
import { hookPath, keptMilliseconds } from '../../../src/sources/github-deliveries.ts';
import { githubSource } from '../../../src/sources/github.ts';
import { appEnv, connectGithub, githubToken, makeGithub } from '../../support/github.ts';
import { startHttpVendor, type VendorReply, type VendorRequest } from '../../support/http-vendor.ts';

const signal = new AbortController().signal;
const hour = 3_600_000;

interface Delivery {
  id: number | bigint;
  guid: string;
  delivered_at: string;
  redelivery: boolean;
  status: string;
  status_code: number;
}

/** An attempt, so many hours ago. */
function attempt(
  id: number | bigint,
  guid: string,
  hoursAgo: number,
  status = 502,
  redelivery = false,
): Delivery {
  return {
    id,
    guid,
    delivered_at: new Date(Date.now() - hoursAgo * hour).toISOString(),
    redelivery,
    status: status === 200 ? 'OK' : 'failed to connect',
    status_code: status,
  };
}

/** A hook: its attempts with the newest first, in pages by cursor; each POST is noted. */
function hookOf(
  deliveries: readonly Delivery[],
  { perPage = 100, post = (_: string): VendorReply => ({ status: 202 }) } = {},
) {
  const asked: string[] = [];
  const sorted = [...deliveries].sort((a, b) => Date.parse(b.delivered_at) - Date.parse(a.delivered_at));
  const answer = ({ method, url }: VendorRequest): VendorReply => {
    if (method === 'POST') {
      const [, id = ''] = /\/deliveries\/(\d+)\/attempts$/.exec(url.pathname) ?? [];
      asked.push(id);
      return post(id);
    }
    const from = Number(url.searchParams.get('cursor')?.replace('v1_', '') ?? 0);
    const items = sorted.slice(from, from + perPage).map((each) => ({ ...each, id: `<${each.id}>` }));
    const next = `<http://vendor${url.pathname}?per_page=100&cursor=v1_${from + perPage}>; rel="next"`;
    return {
      text: JSON.stringify(items).replaceAll(/"<(\d+)>"/g, '$1'),
      headers: from + perPage < sorted.length ? { link: next } : {},
    };
  };
  return { asked, answer };
}

async function redeliver(deliveries: readonly Delivery[], options?: Parameters<typeof hookOf>[1]) {
  const { asked, answer } = hookOf(deliveries, options);
  await using vendor = await startHttpVendor(answer);
  const result = await connectGithub(vendor).redeliverMissed({ since: null }, { signal });
  return { ...result, ids: asked, requests: vendor.requests };
}

describe('What GitHub could not deliver', () => {
  it('is asked for again, the oldest first, by its latest attempt', async () => {
    const { looked, asked, ids } = await redeliver([
      attempt(1, 'missed', 5),
      attempt(2, 'arrived', 4, 200),
      attempt(3, 'refused', 3, 401),
      attempt(4, 'missed', 2, 504, true),
      attempt(5, 'accepted', 1, 202),
    ]);
    expect({ looked, asked, ids }).toEqual({ looked: 5, asked: 2, ids: ['3', '4'] });
  });

  it('is not asked for where any attempt arrived, the first or a later one', async () => {
    const { ids } = await redeliver([
      attempt(1, 'at-last', 5),
      attempt(2, 'at-last', 4, 200, true),
      attempt(3, 'at-first', 3, 200),
      attempt(4, 'at-first', 2, 502, true),
    ]);
    expect(ids).toEqual([]);
  });

  it('is not asked for for ever: three times at most, once a run', async () => {
    const twice = [
      attempt(1, 'twice', 9),
      attempt(2, 'twice', 8, 401, true),
      attempt(3, 'twice', 7, 401, true),
    ];
    expect((await redeliver(twice)).ids).toEqual(['3']);
    expect((await redeliver([...twice, attempt(4, 'twice', 6, 401, true)])).ids).toEqual([]);
  });

  it('is not asked for where its first attempt is no longer kept, or too new to be judged', async () => {
    const { looked, ids } = await redeliver([
      attempt(1, 'old', 170),
      attempt(2, 'without-first', 60, 401, true),
      attempt(3, 'under-way', 0),
      attempt(4, 'again-under-way', 9),
      attempt(5, 'again-under-way', 0, 502, true),
    ]);
    expect({ looked, ids }).toEqual({ looked: 4, ids: [] });
  });

  it('is kept for three days by GitHub, and for seven by an Enterprise Server', () => {
    expect(keptMilliseconds(undefined) / hour).toBe(71);
    expect(keptMilliseconds('https://github.example/api/v3') / hour).toBe(167);
  });

  it('is found on every page, and no page is read beyond what GitHub keeps', async () => {
    const deliveries = [
      ...Array.from({ length: 25 }, (_, index) => attempt(index + 1, `new-${index}`, 1 + index, 200)),
      attempt(26, 'missed', 30),
      ...Array.from({ length: 30 }, (_, index) => attempt(100 + index, `old-${index}`, 200 + index)),
    ];
    const { ids, requests } = await redeliver(deliveries, { perPage: 10 });
    expect(ids).toEqual(['26']);
    expect(requests.filter(({ method }) => method === 'GET')).toHaveLength(3);
  });

  it('has ids that are larger than a JSON number can hold', async () => {
    expect((await redeliver([attempt(123456789012345678n, 'big', 5)])).ids).toEqual(['123456789012345678']);
  });

  it('counts as not asked for where GitHub does not have it any more', async () => {
    const deliveries = [attempt(1, 'gone', 5), attempt(2, 'there', 4)];
    const { asked, ids } = await redeliver(deliveries, {
      post: (id) => (id === '1' ? { status: 404 } : { status: 202 }),
    });
    expect({ asked, ids }).toEqual({ asked: 1, ids: ['1', '2'] });
  });

  it('waits where GitHub asks to slow down', async () => {
    const slow = redeliver([attempt(1, 'one', 5)], {
      post: () => ({ status: 403, headers: { 'retry-after': '60' }, json: {} }),
    });
    await expect(slow).rejects.toThrow(VendorRateLimitedError);
  });
});

describe('A hook', () => {
  it.each([
    ['app', '/app/hook/deliveries'],
    ['octo/12', '/orgs/octo/hooks/12/deliveries'],
    ['octo/hello/12', '/repos/octo/hello/hooks/12/deliveries'],
  ])('%s has its own address', (hook, path) => {
    expect(hookPath(hook)).toBe(path);
  });

  it('that is gone is named, after the others were looked at', async () => {
    const { asked, answer } = hookOf([attempt(1, 'missed', 5)]);
    await using vendor = await startHttpVendor((request) =>
      request.url.pathname.includes('/gone/') ? { status: 404 } : answer(request),
    );
    const { redeliverMissed } = connectGithub(vendor, {
      GITHUB_TOKEN: githubToken,
      GITHUB_HOOKS: 'octo/gone/1,octo/2',
    });
    const run = redeliverMissed({ since: null }, { signal });
    await expect(run).rejects.toThrow(VendorRefusedError);
    await expect(run).rejects.toThrow(/"octo\/gone\/1".*GITHUB_HOOKS/);
    expect(asked).toEqual(['1']);
  });

  it('of the App is asked as the App, all others as its installation', async () => {
    const { answer } = hookOf([attempt(1, 'missed', 5)]);
    await using vendor = await startHttpVendor((request) =>
      request.url.pathname.endsWith('/access_tokens')
        ? { status: 201, json: { token: 'ghs_minted', expires_at: '2099-01-01T00:00:00Z' } }
        : answer(request),
    );
    const { redeliverMissed } = connectGithub(vendor, { ...appEnv, GITHUB_HOOKS: 'app,octo/2' });
    expect(await redeliverMissed({ since: null }, { signal })).toEqual({ looked: 2, asked: 2 });
    const as = (path: string) =>
      vendor.requests
        .filter(({ url }) => url.pathname.startsWith(path))
        .map(({ headers }) => headers.authorization?.slice(0, 10));
    expect(as('/app/hook/')).toEqual(['bearer eyJ', 'bearer eyJ']);
    expect(as('/orgs/octo/')).toEqual(['token ghs_', 'token ghs_']);
  });

  it('answers with a list, or is refused', async () => {
    await using vendor = await startHttpVendor(() => ({ json: [{ id: 1 }] }));
    await expect(connectGithub(vendor).redeliverMissed({ since: null }, { signal })).rejects.toThrow(
      VendorAnswerError,
    );
  });

  it('is looked at only with what it needs', () => {
    const make = (env: Record<string, string>) => () => makeGithub({ GITHUB_TOKEN: githubToken, ...env });
    expect(make({ GITHUB_HOOKS: 'octo/2' })).toThrow(/GITHUB_REPOSITORIES/);
    expect(make({ GITHUB_HOOKS: 'app', GITHUB_REPOSITORIES: 'octo/hello' })).toThrow(/GITHUB_APP_ID/);
    expect(make({ GITHUB_REPOSITORIES: 'octo/hello' })().redeliverMissed).toBeUndefined();
    const parse = (hooks: string) =>
      z.object(githubSource.settings).safeParse({ GITHUB_HOOKS: hooks }).success;
    expect(['app', 'octo/2', 'octo/hello/2', 'app, octo/2'].map(parse)).toEqual([true, true, true, true]);
    expect(['octo', 'octo/hello', 'octo/hello/x', 'a/b/c/1'].map(parse)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
