import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createDisplay, type Display } from '../../../src/dev/display.ts';
import { createLogger } from '../../../src/monitoring/logger.ts';

/** A display that gets its lines from the real logger, and what it printed, without the time in front. */
function watch(): { display: Display; log: ReturnType<typeof createLogger>; shown: string[] } {
  const shown: string[] = [];
  const display = createDisplay((line) => {
    const plain = stripVTControlCharacters(line);
    expect(plain).toMatch(/^\d\d:\d\d:\d\d /);
    shown.push(plain.slice(9));
  });
  const log = createLogger({
    level: 'info',
    format: 'json',
    redact: (text) => text,
    destination: display,
  });
  return { display, log, shown };
}

const event = {
  source: 'demo',
  eventId: 'evt_1',
  eventType: 'customer.updated',
  entity: { type: 'customer', id: 'cus_1' },
};
const about = 'customer.updated customer/cus_1';

describe('what npm start shows', () => {
  it.each([
    ['started', event, `received      ${about} evt_1`],
    ['duplicate', event, `duplicate     ${about} evt_1`],
    ['inboxed', event, `inboxed       ${about} evt_1`],
    ['relayed', { source: 'demo', eventId: 'evt_1' }, 'relayed       evt_1'],
    ['unreadable', { source: 'demo', eventId: 'unreadable:ab' }, 'unreadable    unreadable:ab'],
    ['conflict', { source: 'demo', eventId: 'evt_1' }, 'conflict      evt_1'],
    ['started', { ...event, entity: null }, 'received      customer.updated evt_1'],
    ['processed', { ...event, version: '7', outcome: 'applied' }, `applied       ${about} v7 evt_1`],
    ['processed', { ...event, version: null, outcome: 'deleted' }, `deleted       ${about} evt_1`],
    ['processed', { ...event, version: '7', outcome: 'stale' }, `stale         ${about} v7 evt_1`],
    [
      'processed',
      { ...event, version: '7', outcome: 'applied', foundBy: 'reconciliation' },
      `repaired      ${about} v7 evt_1 found by reconciliation`,
    ],
    [
      'processed',
      { ...event, version: '7', outcome: 'unchanged', foundBy: 'reconciliation' },
      `unchanged     ${about} v7 evt_1`,
    ],
    ['rejected', { source: 'demo', reason: 'bad_signature' }, 'rejected      demo bad_signature'],
    [
      'an activity failed',
      { activity: 'fetchRecord', code: 'LANDFALL_VENDOR_UNAVAILABLE', reason: 'it answered 503' },
      'retrying      fetchRecord LANDFALL_VENDOR_UNAVAILABLE it answered 503',
    ],
    [
      'dead letter',
      { source: 'demo', eventId: 'evt_1', code: 'LANDFALL_VENDOR_REFUSED' },
      'dead letter   demo:evt_1 LANDFALL_VENDOR_REFUSED',
    ],
    ['dead letter closed', { source: 'demo', eventId: 'evt_1' }, 'closed        dead-letter:demo:evt_1'],
    [
      'reconciled',
      { source: 'demo', scanned: 9, missing: 1, stale: 2, repaired: 3 },
      'reconciled    demo: 9 scanned, 1 missing, 2 stale, 3 repaired',
    ],
    ['reconciled', { source: 'demo' }, 'reconciled    demo'],
  ])('%s: %o', (message, fields, expected) => {
    const { log, shown } = watch();
    log.info(fields, message);
    expect(shown).toEqual([expected]);
  });

  it('counts each thing, and rejections also where one line stands for many', () => {
    const { display, log } = watch();
    log.info(event, 'started');
    log.info(event, 'started');
    log.warn({ source: 'demo', reason: 'bad_signature' }, 'rejected');
    log.warn({ source: 'demo', reason: 'bad_signature', count: 41 }, 'rejected as well, within a second');
    expect(Object.fromEntries(display.tally())).toEqual({ received: 2, rejected: 42 });
  });

  it('keeps quiet about what is only informative, and passes on any other warning', () => {
    const { log, shown } = watch();
    log.info({ taskQueues: ['landfall'] }, 'working');
    log.warn('the inbox cannot be read at the moment');
    log.error({ err: new Error('boom') }, 'a request failed');
    expect(shown).toEqual([
      'warn          the inbox cannot be read at the moment',
      'error         a request failed',
    ]);
  });

  it('is not harmed by lines that are broken, foreign or several at once', () => {
    const { display, log, shown } = watch();
    for (const text of [
      '',
      '\n\n',
      '{"level":',
      'null',
      '[]',
      '42',
      'Error: no JSON',
      '{"level":3,"msg":"started"}',
    ]) {
      display.write(text);
    }
    const line = JSON.stringify({
      level: 'info',
      time: '2026-11-01T10:00:00.000Z',
      msg: 'started',
      ...event,
    });
    display.write(`broken\n${line}\n${line}\n`);
    log.info({ ...event, version: { no: 'text' } }, 'started');
    expect(shown).toEqual([`received      ${about} evt_1`, `received      ${about} evt_1`]);
  });
});
