import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { logIn, startBrowser, visit } from '../support/browse.ts';
import { consolePages } from '../support/console-pages.ts';
import { type ConsoleScene, playConsoleScene } from '../support/console-scene.ts';

const token = 'a-token-of-the-operators';
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

describe('the console in a browser', { timeout: 120_000 }, () => {
  let scene: ConsoleScene;
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
    scene = await playConsoleScene({ letters: 6, settings: { LANDFALL_CONSOLE_TOKEN: token } });
  }, 420_000);
  afterAll(async () => {
    await browser.close();
    await scene.stop();
  });

  const letterOf = (source: string, event: string) =>
    `${scene.url}/dead-letter?${new URLSearchParams({ source, event }).toString()}`;
  const bulkOf = (source: string) =>
    `${scene.url}/bulk-action/new?${new URLSearchParams({ source, error: 'LANDFALL_VENDOR_UNAVAILABLE' }).toString()}`;

  /** What a rule of accessibility is broken by on the page. */
  async function broken(page: Page): Promise<string[]> {
    await page.addScriptTag({ path: axe });
    const results = await page.evaluate(() =>
      (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
    );
    return results.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  }

  test.each(['light', 'dark'] as const)(
    'breaks no rule of accessibility on any page, in the %s',
    async (colorScheme) => {
      // The scripts of the checker are not ours: the policy is looked at in the other tests.
      await using visited = await visit(browser, { colorScheme, bypassCSP: true });
      const { page } = visited;
      await page.goto(scene.url);
      expect(await broken(page), 'login').toEqual([]);
      await logIn(page, scene.url, token);
      for (const [name, address] of Object.entries(consolePages(scene))) {
        await page.goto(address);
        expect(await broken(page), name).toEqual([]);
      }
    },
  );

  test('fits on a small screen, where only tables scroll to the side', async () => {
    await using visited = await visit(browser, { viewport: { width: 360, height: 740 }, bypassCSP: true });
    const { page } = visited;
    await logIn(page, scene.url, token);
    for (const [name, address] of Object.entries(consolePages(scene))) {
      await page.goto(address);
      const tooWide = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect(tooWide, name).toBeLessThanOrEqual(0);
    }
  });

  test('keeps to its policy, and complains of nothing', async () => {
    await using visited = await visit(browser);
    const { page, complaints } = visited;
    await logIn(page, scene.url, token);
    for (const address of Object.values(consolePages(scene))) await page.goto(address);
    expect(complaints).toEqual([]);
  });

  test('is used with the keyboard alone: from the first page to a decision', async () => {
    await using visited = await visit(browser);
    const { page } = visited;
    const { keyboard } = page;
    const focused = page.locator(':focus');
    const tabTo = async (name: string | RegExp, most = 80) => {
      for (let presses = 0; presses < most; presses += 1) {
        await keyboard.press('Tab');
        const text = (await focused.textContent()) ?? '';
        const label = (await focused.getAttribute('aria-label')) ?? '';
        const field = (await focused.getAttribute('name')) ?? '';
        if (
          [text.trim(), label, field].some((each) =>
            typeof name === 'string' ? each === name : name.test(each),
          )
        )
          return;
      }
      throw new Error(`nothing called ${String(name)} has the focus`);
    };
    await logIn(page, scene.url, token);
    await page.goto(scene.url);
    await keyboard.press('Tab');
    expect(await focused.textContent()).toBe('Skip to the content');
    expect(await focused.isVisible()).toBe(true);
    await keyboard.press('Enter');
    await page.waitForURL(/#main$/);

    const [, event = ''] = scene.letters;
    await page.goto(scene.url);
    await tabTo('Event or entity id');
    await keyboard.type(event);
    await keyboard.press('Enter');
    await page.waitForURL(/\/search/);
    await tabTo('decide');
    await keyboard.press('Enter');
    await page.waitForURL(/\/dead-letter/);
    await page.getByRole('heading', { name: 'Investigate' }).waitFor();
    await tabTo('owner');
    await keyboard.type('bob');
    await tabTo('reason');
    await keyboard.type('asked the vendor');
    const form = page.getByRole('form', { name: 'Investigate' });
    await form.getByLabel('Who are you').focus();
    await keyboard.type('ada');
    await keyboard.press('Enter');
    await page.getByRole('status').or(page.locator('.notice.good')).first().waitFor();
    await page.getByText('investigating').first().waitFor();
    expect(await page.getByLabel('Who looks into it').inputValue()).toBe('bob');
    // The name is known the next time.
    expect(await page.getByRole('form', { name: 'Discard' }).getByLabel('Who are you').inputValue()).toBe(
      'ada',
    );
  });

  test('needs no script: not to read, and not to decide', async () => {
    await using visited = await visit(browser, { javaScriptEnabled: false });
    const { page } = visited;
    await logIn(page, scene.url, token);
    const [, , event = ''] = scene.letters;
    await page.goto(letterOf(scene.billing.name, event));
    const form = page.getByRole('form', { name: 'Discard' });
    await form.getByLabel('Who are you').fill('ada');
    await form.getByLabel('Why').fill('test data');
    await form.getByRole('button', { name: 'Discard' }).click();
    await page.getByText('The discard was asked for').waitFor();
    await page.getByText('discarded', { exact: true }).first().waitFor();
    const [entry] = await scene.harness.runtime.store.listAudit(
      { target: `dead-letter:${scene.billing.name}:${event}` },
      1,
    );
    expect(entry).toMatchObject({ by: 'ada', via: 'console', reason: 'test data' });
  });

  test('asks for a reason before it sends anything', async () => {
    await using visited = await visit(browser);
    const { page } = visited;
    await logIn(page, scene.url, token);
    const [first = ''] = scene.letters;
    await page.goto(letterOf(scene.billing.name, first));
    await page.getByRole('button', { name: 'Discard' }).click();
    expect(page.url()).not.toContain('told');
    await page.goto(letterOf(scene.billing.name, first));
    await page.getByText('open', { exact: true }).first().waitFor();
  });

  test('begins a bulk action from a list, and shows how it goes on by itself', async () => {
    await using visited = await visit(browser);
    const { page, complaints } = visited;
    await logIn(page, scene.url, token);
    await page.goto(`${scene.url}/dead-letters`);
    await page.getByLabel('Source').selectOption(scene.billing.name);
    await page.getByLabel('Error').fill('LANDFALL_VENDOR_UNAVAILABLE');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByRole('link', { name: /Decide about all/ }).click();
    await page.getByText(/\d dead letters? open/).waitFor();
    await page.getByRole('radio', { name: /^Replay/ }).check();
    await page.getByLabel('Who are you').fill('ada');
    await page.getByLabel('Why').fill('the vendor is back');
    await page.getByLabel('Try first').fill('1');
    await page.getByLabel('A minute').fill('600');
    await page.getByRole('button', { name: 'Begin' }).click();
    await page.waitForURL(/\/bulk-action\?id=bulk/);
    // Nothing is pressed from here on.
    await page.locator('[data-live="off"]').waitFor({ timeout: 60_000 });
    expect(await page.getByRole('status').textContent()).toMatch(/[345] done, 0 failed/);
    expect(await page.locator('tbody .badge.good').count()).toBeGreaterThanOrEqual(3);
    expect(complaints).toEqual([]);
  });

  test("takes no form that another site's page sends, though its browser has the session", async () => {
    await using visited = await visit(browser);
    const { page } = visited;
    await logIn(page, scene.url, token);
    const fields = {
      kind: 'discard',
      source: scene.shop.name,
      event: scene.letter,
      by: 'mallory',
      reason: 'x',
    };
    const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`);
    const evil = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(
        `<form method="post" action="${scene.url}/dead-letter">${inputs.join('')}<button>Win a prize</button></form>`,
      );
    });
    await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
    try {
      await page.goto(`http://127.0.0.1:${(evil.address() as AddressInfo).port}/`);
      await page.getByRole('button').click();
      await page
        .getByText('Another site asks for this.')
        .or(page.getByText('sent from another site'))
        .first()
        .waitFor();
    } finally {
      evil.closeAllConnections();
      evil.close();
    }
    const { state } = await scene.harness.deadLetters.show({
      source: scene.shop.name,
      eventId: scene.letter,
    });
    expect(state.status).toBe('open');
  });

  test('logs out', async () => {
    await using visited = await visit(browser);
    const { page } = visited;
    await logIn(page, scene.url, token);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('Token').waitFor();
    await page.goto(bulkOf(scene.billing.name));
    await page.getByLabel('Token').waitFor();
  });
});
