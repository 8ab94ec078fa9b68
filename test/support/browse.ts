import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { findChromium } from './find-chromium.ts';

/** Starts a browser; see `findChromium` for which. */
export async function startBrowser(): Promise<Browser> {
  const found = await findChromium((message) => {
    process.stderr.write(`${message}\n`);
  });
  return chromium.launch({
    ...found,
    // Containers and machines of CI have no namespaces for its sandbox; it opens nothing but our own pages.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}

/** A page of a context of its own, and what it complained of: an error of a script, or something that the page's policy forbids. */
export interface Visit extends AsyncDisposable {
  context: BrowserContext;
  page: Page;
  complaints: string[];
}

/** Opens an empty page. */
export async function visit(browser: Browser, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // A status of an error is an answer, and told by the test itself.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  return { context, page, complaints, [Symbol.asyncDispose]: () => context.close() };
}

/** Enters the token into the page that asks for it. */
export async function logIn(page: Page, url: string, token: string): Promise<void> {
  await page.goto(url);
  await page.getByLabel('Token').fill(token);
  await page.keyboard.press('Enter');
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
}
