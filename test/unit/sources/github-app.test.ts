import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigurationError, VendorRefusedError, VendorUnavailableError } from '../../../src/errors.ts';
import { readPrivateKey } from '../../../src/sources/github-credentials.ts';
import { githubSource } from '../../../src/sources/github.ts';
import { appEnv, appKey, appKeyPem, connectGithub, githubToken, makeGithub } from '../../support/github.ts';
import { startHttpVendor, type VendorReply, type VendorRequest } from '../../support/http-vendor.ts';

const signal = new AbortController().signal;
const issue = { type: 'issue', id: 'octo/hello#5' };
const tokenPath = '/app/installations/99/access_tokens';

/** GitHub, which gives a new token each time it is asked; `answer` has the rest. */
function serve(answer: (request: VendorRequest) => VendorReply, give?: (count: number) => VendorReply) {
  let count = 0;
  return startHttpVendor((request) => {
    if (request.url.pathname !== tokenPath) return answer(request);
    count += 1;
    return give?.(count) ?? { status: 201, json: tokenOf(count) };
  });
}

const tokenOf = (count: number) => ({
  token: `ghs_minted${count}`,
  expires_at: '2099-01-01T00:00:00Z',
  permissions: { issues: 'read' },
  repository_selection: 'all',
});
const record: VendorReply = {
  json: { number: 5, repository_url: 'https://api.github.com/repos/octo/hello' },
};

/** All that an error tells, its causes included. */
function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = Object.getOwnPropertyNames(error).map((name) => String(Reflect.get(error, name)));
  return [error.name, error.message, ...own, JSON.stringify(error), told(error.cause ?? '')].join('\n');
}

describe('A GitHub App', () => {
  it('asks for one token of its installation, signed with its key, and reads with it', async () => {
    await using vendor = await serve(() => record);
    const { fetchRecord } = connectGithub(vendor, appEnv);
    await Promise.all([fetchRecord(issue, { signal }), fetchRecord(issue, { signal })]);
    await fetchRecord(issue, { signal });
    const [first, ...others] = vendor.requests;
    expect(vendor.requests.map(({ url }) => url.pathname).filter((path) => path === tokenPath)).toHaveLength(
      1,
    );
    expect(others.map(({ headers }) => headers.authorization)).toEqual(Array(3).fill('token ghs_minted1'));

    const [, jwt = ''] = /^bearer (.+)$/.exec(first?.headers.authorization ?? '') ?? [];
    const [header = '', claims = '', signature = ''] = jwt.split('.');
    const signed = Buffer.from(`${header}.${claims}`);
    const key = createPublicKey(appKey.publicKey.export({ type: 'spki', format: 'pem' }));
    expect(verify('sha256', signed, key, Buffer.from(signature, 'base64url'))).toBe(true);
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ iss: '4711' });
  });

  it('reads a branch that is named like an address of the App as what it is', async () => {
    await using vendor = await serve(() => ({ json: { ref: 'refs/heads/installation' } }));
    const { fetchRecord } = connectGithub(vendor, appEnv);
    await fetchRecord({ type: 'branch', id: 'octo/hello@refs/heads/installation' }, { signal });
    expect(vendor.requests.at(-1)?.headers.authorization).toBe('token ghs_minted1');
  });

  it.each([401, 403, 404, 410, 422])(
    'takes no record for deleted where it gets no token (%i)',
    async (status) => {
      await using vendor = await serve(
        () => record,
        () => ({ status, json: { message: 'no' } }),
      );
      const fetching = connectGithub(vendor, appEnv).fetchRecord(issue, { signal });
      await expect(fetching).rejects.toThrow(VendorRefusedError);
      await expect(fetching).rejects.toThrow(/GITHUB_APP_INSTALLATION_ID/);
    },
  );

  it('tries again later where GitHub gives no token for now', async () => {
    await using vendor = await serve(
      () => record,
      () => ({ status: 503 }),
    );
    await expect(connectGithub(vendor, appEnv).fetchRecord(issue, { signal })).rejects.toThrow(
      VendorUnavailableError,
    );
  });

  it.each([
    ['the answer of a page', (secret: string) => ({ status: 500, text: `no route for ${secret}` })],
    ['a message', (secret: string) => ({ status: 422, json: { message: `bad header "${secret}"` } })],
  ])('tells no token, even where %s quotes it', async (_, quote) => {
    for (const mints of [true, false]) {
      const refuse = ({ headers }: VendorRequest) => quote(headers.authorization ?? '');
      await using vendor = await startHttpVendor((request) => {
        if (request.url.pathname !== tokenPath) return refuse(request);
        return mints ? { status: 201, json: tokenOf(1) } : refuse(request);
      });
      const error: unknown = await connectGithub(vendor, appEnv)
        .fetchRecord(issue, { signal })
        .catch((each: unknown) => each);
      expect(error).toBeInstanceOf(Error);
      const sent = vendor.requests.map(({ headers }) => headers.authorization?.split(' ')[1] ?? '');
      expect(sent.every((secret) => secret.length > 10)).toBe(true);
      for (const secret of sent) expect(told(error)).not.toContain(secret);
      expect(told(error)).toContain('[redacted]');
    }
  });
});

describe('A token that GitHub does not take', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is kept while it is new, and replaced once it is not', async () => {
    let taken = (_: string): boolean => true;
    await using vendor = await serve(({ headers }) =>
      taken(headers.authorization ?? '') ? record : { status: 401, json: { message: 'Bad credentials' } },
    );
    const { fetchRecord } = connectGithub(vendor, appEnv);
    taken = () => false;
    await expect(fetchRecord(issue, { signal })).rejects.toThrow(VendorUnavailableError);
    taken = () => true;
    await fetchRecord(issue, { signal });
    expect(vendor.requests.at(-1)?.headers.authorization).toBe('token ghs_minted1');

    vi.setSystemTime(Date.now() + 600_000);
    taken = (authorization) => authorization !== 'token ghs_minted1';
    await expect(fetchRecord(issue, { signal })).rejects.toThrow(VendorUnavailableError);
    await fetchRecord(issue, { signal });
    expect(vendor.requests.at(-1)?.headers.authorization).toBe('token ghs_minted2');
  });
});

describe('The key of an App', () => {
  const base64 = Buffer.from(appKeyPem).toString('base64');
  it.each([
    ['as it is', appKeyPem],
    ['in one line', appKeyPem.replaceAll('\n', '\\n')],
    ['in base64', base64],
    ['in base64 over many lines', base64.replace(/(.{64})/g, '$1\n')],
    ['as PKCS#8', appKey.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
  ])('is read %s', (_, text) => {
    expect(readPrivateKey(text)).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  });

  it.each([
    ['nothing of the kind', 'a secret of another kind'],
    ['half of it', appKeyPem.slice(0, 400)],
    [
      'another kind of key',
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ],
  ])('is refused at start where it is %s, without telling it', (_, text) => {
    const make = () => makeGithub({ ...appEnv, GITHUB_APP_PRIVATE_KEY: text });
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(/GITHUB_APP_PRIVATE_KEY/);
    try {
      make();
    } catch (error) {
      expect(told(error)).not.toContain(text.slice(0, 20));
    }
  });

  it('from a file may change', async () => {
    await using vendor = await serve(() => record);
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
    let text = appKeyPem;
    const { fetchRecord } = githubSource.create({
      ...{ GITHUB_WEBHOOK_SECRET: ['x'], GITHUB_TOKEN: undefined, GITHUB_API_URL: vendor.url },
      ...{ GITHUB_REPOSITORIES: [], GITHUB_RECONCILE: [], GITHUB_HOOKS: [] },
      ...appEnv,
      GITHUB_APP_PRIVATE_KEY: () => text,
    });
    await fetchRecord?.(issue, { signal });
    text = other.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    await fetchRecord?.(issue, { signal });
    const jwts = vendor.requests
      .filter(({ url }) => url.pathname === tokenPath)
      .map(({ headers }) => headers.authorization?.slice('bearer '.length).split('.') ?? []);
    const signedBy = ({ publicKey }: typeof other, [header, claims, signature = '']: string[]) =>
      verify('sha256', Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature, 'base64url'));
    expect(jwts.map((jwt) => signedBy(appKey, jwt))).toEqual([true, false]);
    expect(jwts.map((jwt) => signedBy(other, jwt))).toEqual([false, true]);
  });
});

describe('The settings of an App', () => {
  it('exclude a token, and need one another', () => {
    expect(() => makeGithub({ ...appEnv, GITHUB_TOKEN: githubToken })).toThrow(
      /GITHUB_TOKEN and a GitHub App/,
    );
    for (const name of Object.keys(appEnv)) {
      const make = () => makeGithub({ ...appEnv, [name]: '' });
      expect(make, name).toThrow(ConfigurationError);
      expect(make, name).toThrow(/needs all of/);
    }
    expect(() => makeGithub({ ...appEnv, GITHUB_APP_INSTALLATION_ID: 'mine' })).toThrow(/number/);
  });
});
