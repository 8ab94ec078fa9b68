import type { ConsoleScene } from './console-scene.ts';

/** The address of each kind of page in a scene, by its name. */
export function consolePages(scene: ConsoleScene): Record<string, string> {
  const { shop, billing, ledger, customer, letter, firstEventId, stale, url } = scene;
  const at = (page: string, query: Record<string, string> = {}) =>
    `${url}${page}?${new URLSearchParams(query).toString()}`;
  return {
    sources: at(''),
    source: at('/source', { name: shop.name }),
    'dead-letters': at('/dead-letters', { source: billing.name }),
    'dead-letter': at('/dead-letter', { source: shop.name, event: letter, vendor: '1' }),
    event: at('/event', { source: shop.name, event: firstEventId }),
    entity: at('/entity', { source: shop.name, ...customer }),
    'entity-stale': at('/entity', { source: ledger.name, ...stale.entity }),
    search: at('/search', { q: customer.id }),
    'search-empty': at('/search'),
    reconciliations: at('/reconciliations'),
    audit: at('/audit'),
    'bulk-actions': at('/bulk-actions'),
    'bulk-action-new': at('/bulk-action/new', { source: billing.name }),
    'not-there': at('/dead-letter', { source: shop.name, event: 'evt_nobody' }),
  };
}
