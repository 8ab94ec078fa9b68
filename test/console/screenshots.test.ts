import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { bulkDefaults, createBulkActions } from '../../src/temporal/bulk-actions.ts';
import { startBrowser, visit } from '../support/browse.ts';
import { consolePages } from '../support/console-pages.ts';
import { type ConsoleScene, playConsoleScene } from '../support/console-scene.ts';

const images = new URL('../../docs/images/', import.meta.url);
/** Each page, and in which scheme it is shown. */
const shown = {
  sources: 'light',
  source: 'light',
  'dead-letters': 'dark',
  'dead-letter': 'light',
  entity: 'light',
  'bulk-action-new': 'light',
  'bulk-action': 'dark',
  reconciliations: 'dark',
  audit: 'light',
} as const;

// `npm run screenshots` takes those of docs/console.md anew.
describe.runIf(process.env['LANDFALL_SCREENSHOTS'] !== undefined)('the screenshots of the docs', () => {
  let scene: ConsoleScene;
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
    scene = await playConsoleScene({ names: true, letters: 24 });
    await mkdir(images, { recursive: true });
  }, 420_000);
  afterAll(async () => {
    await browser.close();
    await scene.stop();
  });

  test('are taken in the light and in the dark', { timeout: 240_000 }, async () => {
    const { client, config } = scene.harness.runtime;
    const { id } = await createBulkActions(client, config.taskQueue).begin({
      ...bulkDefaults,
      kind: 'replay',
      filter: { source: scene.billing.name, type: 'order.created' },
      by: 'ada@example.com',
      reason: 'the vendor is back',
      via: 'console',
      canary: 2,
      perMinute: 12,
    });
    const pages: Record<string, string> = {
      ...consolePages(scene),
      'bulk-action': `${scene.url}/bulk-action?${new URLSearchParams({ id }).toString()}`,
    };
    for (const [name, colorScheme] of Object.entries(shown)) {
      await using visited = await visit(browser, { colorScheme });
      const { page } = visited;
      await page.goto(pages[name] ?? '');
      expect(await page.title()).toContain('Landfall');
      const path = fileURLToPath(new URL(`console-${name}.png`, images));
      await page.screenshot({ path, fullPage: ['dead-letter', 'entity'].includes(name) });
    }
  });
});
