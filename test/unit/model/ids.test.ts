import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConfigurationError } from '../../../src/errors.ts';
import { holdWorkflowId } from '../../../src/model/hold.ts';
import {
  deadLetterWorkflowId,
  entityWorkflowId,
  eventWorkflowId,
  sourceNameProblem,
} from '../../../src/model/ids.ts';
import { reconcileWorkflowId } from '../../../src/model/reconciliation.ts';
import { silenceWorkflowId, watchWorkflowId } from '../../../src/model/silence.ts';
import { defineSource } from '../../../src/sources/define-source.ts';
import { readGenericSources } from '../../../src/sources/generic.ts';
import { sourceDefinitions } from '../../../src/sources/registry.ts';
import { replayWorkflowId } from '../../../src/temporal/replay-events.ts';
import { hmacScheme } from '../../../src/verification/hmac.ts';

/** Ids of all that is no event's, of a source `shop`. */
const ofOurs = [
  deadLetterWorkflowId('shop', 'evt_1'),
  entityWorkflowId('shop', { type: 'customer', id: 'cus_1' }),
  holdWorkflowId({ source: 'shop', step: 'fetchRecord', error: 'LANDFALL_VENDOR_UNAVAILABLE' }),
  reconcileWorkflowId('shop'),
  reconcileWorkflowId('shop', 'by-hand'),
  reconcileWorkflowId('shop', 'silence'),
  replayWorkflowId('shop', 'monday'),
  silenceWorkflowId('shop'),
  watchWorkflowId('shop'),
];

const define = (name: string) =>
  defineSource({
    name,
    settings: {},
    create: () => ({
      verification: hmacScheme({ secrets: ['s'], header: 'x', algorithm: 'sha256', encoding: 'hex' }),
      readEvent: () => {
        throw new Error('not reached');
      },
    }),
  });

test('no event of any source has the id of a workflow of ours', () => {
  const names = fc.oneof(
    fc.stringMatching(/^[a-z][a-z0-9-]{0,39}$/),
    fc.constantFrom(...ofOurs.map((id) => id.split(':', 1)[0] ?? '')),
  );
  fc.assert(
    fc.property(names, fc.constantFrom(...ofOurs), (name, id) => {
      fc.pre(sourceNameProblem(name) === null);
      // The event id that would do it, and any account.
      const rest = id.slice(id.indexOf(':') + 1);
      expect(eventWorkflowId(name, rest)).not.toBe(id);
      expect(eventWorkflowId(`${name}/eu`, rest)).not.toBe(id);
    }),
  );
  for (const id of ofOurs) {
    const [kind = '', ...rest] = id.split(':');
    // It would have it, if a source could be called so.
    expect(eventWorkflowId(kind, rest.join(':'))).toBe(id);
    expect(sourceNameProblem(kind)).toMatch(/own workflows/);
  }
});

test('a source of such a name is refused where it is defined or described', () => {
  for (const name of ['hold', 'dead-letter', 'alerts', 'bulk', 'erase']) {
    expect(() => define(name)).toThrow(ConfigurationError);
    expect(() => define(name)).toThrow(`The source name "${name}" must not be a name that Landfall gives`);
  }
  const described = [{ name: 'hold', scheme: 'github', secretEnv: 'SECRET', id: '/id', type: '/type' }];
  expect(() => readGenericSources(JSON.stringify(described), { SECRET: 'x' })).toThrow(
    /\/0\/name: must not be a name that Landfall gives to its own workflows/,
  );
});

test('a source whose variables would be Landfall’s or Temporal’s is refused', () => {
  for (const name of ['landfall', 'landfall-two', 'temporal', 'temporal-cloud']) {
    expect(sourceNameProblem(name)).toMatch(/must not begin with "landfall" or "temporal"/);
  }
  for (const name of ['temporally', 'holding', 'reconcile-shop', 'a'])
    expect(sourceNameProblem(name)).toBeNull();
  for (const name of ['', 'Shop', '1shop', 'a'.repeat(41), 'shop/eu']) {
    expect(sourceNameProblem(name)).toMatch(/1 to 40 lower-case letters/);
  }
  for (const { name } of sourceDefinitions) expect(sourceNameProblem(name)).toBeNull();
});
