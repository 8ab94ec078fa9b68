import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { bulkDefaults, createBulkActions } from '../../src/temporal/bulk-actions.ts';
import { startBrowser, visit } from '../support/browse.ts';
import { consolePages } from '../support/console-pages.ts';
import { type ConsoleScene, playConsoleScene } from '../support/console-scene.ts';

const images = new URL('../../docs/images/', import.meta.url);
const shown = [
  'sources',
  'source',
  'dead-letters',
  'dead-letter',
  'entity',
  'reconciliations',
  'bulk-action-new',
];

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

  const take = async (name: string, address: string, colorScheme: 'light' | 'dark') => {
    await using visited = await visit(browser, { colorScheme });
    const { page } = visited;
    await page.goto(address);
    expect(await page.title()).toContain('Landfall');
    const path = fileURLToPath(new URL(`console-${name}-${colorScheme}.png`, images));
    await page.screenshot({ path, fullPage: ['dead-letter', 'entity'].includes(name) });
  };

  test('are taken in the light and in the dark', { timeout: 240_000 }, async () => {
    const pages = consolePages(scene);
    const { client, config } = scene.harness.runtime;
    const { id } = await createBulkActions(client, config.taskQueue).begin({
      ...bulkDefaults,
      kind: 'replay',
      filter: { source: scene.billing.name, type: 'order.created' },
      by: 'ada@example.com',
      reason: 'the vendor is back',
      via: 'console',
      canary: 2,
      perMinute: 30,
    });
    const bulk = `${scene.url}/bulk-action?${new URLSearchParams({ id }).toString()}`;
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const name of shown) await take(name, pages[name] ?? '', colorScheme);
      await take('bulk-action', bulk, colorScheme);
      await take('audit', pages['audit'] ?? '', colorScheme);
    }
  });
});
