import { request as httpRequest } from 'node:http';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type BareConsole, startBareConsole } from '../../support/console.ts';
import { parsePage } from '../../support/parse-page.ts';

const token = 'a-token-of-the-operators';
const proxy = { userHeader: 'x-forwarded-user', addresses: ['127.0.0.1'] };
const pageOf = ({ url }: BareConsole) => `${url}/console`;

/** As `fetch`, which lets nobody set the header Host, and follows no redirect here. */
async function ask(
  url: string,
  {
    method = 'GET',
    headers = {},
    body,
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<{ status: number; headers: IncomingMessage['headers']; text: string }> {
  const sending = httpRequest(url, { method, headers });
  sending.end(body);
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

const form = (fields: Record<string, string>, headers: Record<string, string> = {}) => ({
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  body: new URLSearchParams(fields).toString(),
});
const discard = { kind: 'discard', source: 'shop', event: 'evt_1', by: 'ada', reason: 'test data' };

/** What a page of a session carries in its forms, such as the one to log out. */
async function formTokenOf(console: BareConsole, headers: Record<string, string>): Promise<string> {
  const document = parsePage((await ask(pageOf(console), { headers })).text);
  return document.querySelector('input[name="form"]')?.getAttribute('value') ?? '';
}

async function logIn(console: BareConsole, next?: string) {
  const fields = { token, ...(next === undefined ? {} : { next }) };
  const answer = await ask(`${console.url}/console/login`, form(fields));
  const [cookie = ''] = answer.headers['set-cookie'] ?? [];
  return { ...answer, cookie, session: cookie.split(';')[0] ?? '' };
}

describe('A console without settings', () => {
  it('is open to this machine where its port is bound to it', async () => {
    await using console = await startBareConsole();
    const { status, text } = await ask(pageOf(console));
    expect(status).toBe(200);
    expect(text).toContain('3 events in the inbox');
  });

  it('is off where others can reach the port, and says how to switch it on', async () => {
    await using console = await startBareConsole({ host: '0.0.0.0' });
    const { status, text } = await ask(pageOf(console));
    expect(status).toBe(403);
    expect(text).toContain('LANDFALL_CONSOLE_TOKEN');
    expect(text).not.toContain('inbox');
  });

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:80'])(
    'is not reached under the name %s, which a page of another site may let point here',
    async (host) => {
      await using console = await startBareConsole();
      expect((await ask(pageOf(console), { headers: { host } })).status).toBe(403);
    },
  );

  it.each(['localhost', '127.0.0.1:3001', '[::1]:3001'])('is reached as %s', async (host) => {
    await using console = await startBareConsole();
    expect((await ask(pageOf(console), { headers: { host } })).status).toBe(200);
  });

  it.each(['x-forwarded-for', 'forwarded', 'x-real-ip'])(
    'does not take what a proxy passes on for this machine: %s',
    async (header) => {
      await using console = await startBareConsole();
      expect((await ask(pageOf(console), { headers: { [header]: '203.0.113.7' } })).status).toBe(403);
    },
  );
});

describe('A console with a token', () => {
  it('shows nothing without it, also on loopback, and asks for it', async () => {
    await using console = await startBareConsole({ token });
    const answer = await ask(`${pageOf(console)}/source?name=shop`);
    expect(answer.status).toBe(303);
    expect(answer.headers.location).toBe('/console/login?next=%2Fconsole%2Fsource%3Fname%3Dshop');
    const login = await ask(`${console.url}/console/login`);
    expect(login.text).toContain('type="password"');
  });

  it('opens to whoever enters it, by a cookie that no script reads and no other site sends', async () => {
    await using console = await startBareConsole({ token });
    const { status, cookie, session, headers } = await logIn(console, '/console/dead-letters?source=shop');
    expect(status).toBe(303);
    expect(headers.location).toBe('/console/dead-letters?source=shop');
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    expect(cookie).toMatch(/Path=\/console/);
    expect(cookie).not.toContain(token);
    expect((await ask(pageOf(console), { headers: { cookie: session } })).status).toBe(200);
  });

  it('refuses another token, and a cookie that it did not sign', async () => {
    await using console = await startBareConsole({ token });
    const wrong = await ask(`${console.url}/console/login`, form({ token: 'a-token-of-nobody-at-all' }));
    expect(wrong.status).toBe(401);
    expect(wrong.headers['set-cookie']).toBeUndefined();
    const { session } = await logIn(console);
    const forged = session.replace(/\d{5}\./, '99999.');
    for (const cookie of [forged, 'landfall_console=x.99999999999999', `${session}x`]) {
      expect((await ask(pageOf(console), { headers: { cookie } })).status).toBe(303);
    }
  });

  it('forgets a session after twelve hours', async () => {
    let time = Date.now();
    await using console = await startBareConsole({ token, now: () => time });
    const { session } = await logIn(console);
    time += 13 * 3_600_000;
    expect((await ask(pageOf(console), { headers: { cookie: session } })).status).toBe(303);
  });

  it('logs out', async () => {
    await using console = await startBareConsole({ token });
    const { session: cookie } = await logIn(console);
    const own = await formTokenOf(console, { cookie });
    const { headers } = await ask(`${console.url}/console/logout`, form({ form: own }, { cookie }));
    expect(headers['set-cookie']?.[0]).toMatch(/^landfall_console=;/);
  });

  it.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/console\\@evil.example',
    '/consolevil',
  ])('leads nobody elsewhere after the login: %s', async (next) => {
    await using console = await startBareConsole({ token });
    expect((await logIn(console, next)).headers.location).toBe('/console');
  });

  it('takes it from programs as a bearer token, and answers them with a problem where it is another', async () => {
    await using console = await startBareConsole({ token });
    const headers = { accept: 'application/json', authorization: `Bearer ${token}` };
    const right = await ask(pageOf(console), { headers });
    expect(JSON.parse(right.text)).toMatchObject({ inbox: 3, sources: [] });
    for (const authorization of ['Bearer of-somebody-else-entirely', '']) {
      const wrong = await ask(pageOf(console), { headers: { ...headers, authorization } });
      expect(wrong.status).toBe(401);
      expect(JSON.parse(wrong.text)).toMatchObject({ code: 'LANDFALL_CONSOLE_LOGIN', status: 401 });
    }
  });
});

describe('A console behind an authenticating proxy', () => {
  it('knows its user by the header', async () => {
    await using console = await startBareConsole({ proxy });
    const { status, text } = await ask(pageOf(console), {
      headers: { 'x-forwarded-user': 'ada@example.com' },
    });
    expect(status).toBe(200);
    expect(text).toContain('You are ada@example.com.');
  });

  it('believes the header from no other address, and nobody without it', async () => {
    await using elsewhere = await startBareConsole({ proxy: { ...proxy, addresses: ['192.0.2.0/24'] } });
    const headers = { 'x-forwarded-user': 'ada@example.com' };
    expect((await ask(pageOf(elsewhere), { headers })).status).toBe(403);
    await using console = await startBareConsole({ proxy });
    expect((await ask(pageOf(console))).status).toBe(403);
    expect((await ask(pageOf(console), { headers: { 'x-forwarded-user': ' ' } })).status).toBe(403);
  });

  it('notes its user as who decides, whatever the form says', async () => {
    await using console = await startBareConsole({ proxy });
    const headers = { 'x-forwarded-user': 'ada@example.com', 'content-type': 'application/json' };
    const body = JSON.stringify({ ...discard, by: 'somebody else' });
    await ask(`${console.url}/console/dead-letter`, { method: 'POST', headers, body });
    expect(console.discarded).toEqual([{ by: 'ada@example.com', reason: 'test data' }]);
  });
});

describe('A form', () => {
  const decisions = ({ url }: BareConsole) => `${url}/console/dead-letter`;

  it('is taken from our own page, and its name remembered', async () => {
    await using console = await startBareConsole({ token });
    const { session: cookie } = await logIn(console);
    const fields = { ...discard, form: await formTokenOf(console, { cookie }) };
    const own = { cookie, 'sec-fetch-site': 'same-origin', origin: console.url };
    const { status, headers } = await ask(decisions(console), form(fields, own));
    expect(status).toBe(303);
    expect(headers.location).toBe('/console/dead-letter?source=shop&event=evt_1&told=discard');
    expect(headers['set-cookie']?.join()).toContain('landfall_console_name=ada');
    expect(console.discarded).toEqual([{ by: 'ada', reason: 'test data' }]);
  });

  it.each([
    ['says that it is of another site', { 'sec-fetch-site': 'cross-site' }],
    ['is of another port of this machine', { 'sec-fetch-site': 'same-site' }],
    ['has the origin of another site', { origin: 'https://evil.example' }],
    ['has an origin that is hidden', { origin: 'null' }],
  ])('is refused where it %s, whatever it carries', async (_what, headers) => {
    await using console = await startBareConsole({ token });
    const { session: cookie } = await logIn(console);
    const fields = { ...discard, form: await formTokenOf(console, { cookie }) };
    expect((await ask(decisions(console), form(fields, { cookie, ...headers }))).status).toBe(403);
    const json = { method: 'POST', headers: { cookie, 'content-type': 'application/json', ...headers } };
    expect((await ask(decisions(console), { ...json, body: JSON.stringify(discard) })).status).toBe(403);
    expect(console.discarded).toEqual([]);
  });

  it('is refused without what only our page knows, and with that of another session', async () => {
    await using console = await startBareConsole({ token });
    const [{ session: cookie }, { session: other }] = [await logIn(console), await logIn(console)];
    for (const fields of [discard, { ...discard, form: await formTokenOf(console, { cookie: other }) }]) {
      expect((await ask(decisions(console), form(fields, { cookie }))).status).toBe(403);
    }
    const text = {
      method: 'POST',
      headers: { cookie, 'content-type': 'text/plain' },
      body: JSON.stringify(discard),
    };
    expect((await ask(decisions(console), text)).status).toBe(403);
    expect(console.discarded).toEqual([]);
  });

  it('is refused without a reason, and where nobody says who they are', async () => {
    await using console = await startBareConsole();
    const send = (fields: object) =>
      ask(decisions(console), {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({ ...discard, ...fields }),
      });
    for (const fields of [{ reason: ' ' }, { by: '' }, { kind: 'delete' }]) {
      const { status, text } = await send(fields);
      expect(status).toBe(400);
      expect(JSON.parse(text)).toMatchObject({ code: 'LANDFALL_CONSOLE_REQUEST' });
    }
    expect(console.discarded).toEqual([]);
    expect((await send({})).status).toBe(200);
  });
});

describe('Each page', () => {
  it('takes nothing from elsewhere, and stands in no frame and no cache', async () => {
    await using console = await startBareConsole();
    const { headers, text } = await ask(pageOf(console));
    const policy = String(headers['content-security-policy']);
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ]) {
      expect(policy).toContain(rule);
    }
    expect(policy).not.toContain('unsafe');
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'same-origin',
    });
    const document = parsePage(text);
    expect(document.querySelectorAll('style, [style], script:not([src]), [onclick]')).toHaveLength(0);
    for (const link of document.querySelectorAll('link[rel="stylesheet"], script')) {
      const address = link.getAttribute('href') ?? link.getAttribute('src') ?? '';
      const asset = await ask(`${console.url}${address}`);
      expect(asset.status).toBe(200);
      expect(asset.headers['cache-control']).toContain('immutable');
    }
  });

  it('is loaded by no page of another site, but may be linked to', async () => {
    await using console = await startBareConsole();
    const image = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' };
    expect((await ask(pageOf(console), { headers: image })).status).toBe(403);
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await ask(pageOf(console), { headers: link })).status).toBe(200);
  });

  it('does not repeat what is typed into an address as HTML, nor a secret', async () => {
    await using console = await startBareConsole({
      redact: (text) => text.replaceAll('s3cret', '[redacted]'),
    });
    const search = await ask(`${console.url}/console/search?q=%20`);
    expect(search.status).toBe(200);
    const { status, text } = await ask(`${console.url}/console/<script>s3cret`);
    expect(status).toBe(404);
    expect(text).not.toContain('s3cret');
    expect(text).not.toContain('<script>s');
  });

  it('answers half a JSON with a problem', async () => {
    await using console = await startBareConsole();
    const { status, text } = await ask(`${console.url}/console/dead-letter`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: '{"kind":',
    });
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ code: 'LANDFALL_CONSOLE_REQUEST' });
  });
});
