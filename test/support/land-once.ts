import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createActivities } from '../../activities/index.ts';
import type { Activities } from '../../activities/types.ts';
import { createRoom } from '../../src/bodies/room.ts';
import type { LandfallEvent } from '../../src/model/event.ts';
import { createLogger } from '../../src/monitoring/logger.ts';
import { createMetrics, type Metrics } from '../../src/monitoring/metrics.ts';
import { defineSource, type Source, type SourceParts } from '../../src/sources/define-source.ts';
import type { Retention } from '../../src/model/retention.ts';
import { noKeys } from '../../src/privacy/key-ring.ts';
import type { Store } from '../../src/store/store.ts';
import { standardWebhooksScheme } from '../../src/verification/standard-webhooks.ts';
import { buildInboxItem } from './build-apply.ts';
import { unusedPorts } from './unused-ports.ts';

/** The activities on a store, without Temporal. */
export interface LandOnce {
  activities: Activities;
  metrics: Metrics;
  /** Lines of the log, parsed. */
  log: Record<string, unknown>[];
  /** The first attempt of an event, in a run of its own unless said otherwise. */
  land(
    id: string,
    parts?: Partial<LandfallEvent>,
    run?: { runId?: string; nonce?: string; byReference?: true },
  ): Promise<unknown>;
}

/** A source named `shop`, whose customers are as `parts.fetchRecord` says, by default `{ name: 'Ada' }` in version 1. */
export function shopSource(parts: Partial<SourceParts>): Source {
  const { create } = defineSource({
    name: 'shop',
    settings: {},
    create: () => ({
      verification: standardWebhooksScheme({ secrets: ['whsec_c2VjcmV0c2VjcmV0'] }),
      readEvent: () => {
        throw new Error('not asked');
      },
      fetchRecord: () => Promise.resolve({ data: { name: 'Ada' }, version: '1', sourceTime: null }),
      ...parts,
    }),
  });
  return create({});
}

const keepAll: Retention = {
  rejections: null,
  conflicts: null,
  reports: null,
  deleted: null,
  deliveries: null,
  failures: null,
  bodies: null,
};

/** Makes the activities of one source. */
export function createLandOnce(store: Store, source: Source, inlineBodyBytes = 131_072): LandOnce {
  const log: Record<string, unknown>[] = [];
  const destination = {
    write: (line: string) => void log.push(JSON.parse(line) as Record<string, unknown>),
  };
  const metrics = createMetrics();
  const activities = createActivities({
    sources: new Map([[source.name, source]]),
    store,
    ...unusedPorts,
    metrics,
    logger: createLogger({ level: 'info', format: 'json', redact: (text) => text, destination }),
    timers: { remindAfterMilliseconds: 60_000, escalateAfterMilliseconds: 60_000 },
    hold: null,
    watch: null,
    retention: keepAll,
    payloadKeys: noKeys,
    alerts: null,
    channels: [],
    lags: { note: () => undefined },
    inlineBodyBytes,
    room: createRoom({ maxBytes: 104_857_600 }),
    now: Date.now,
    redact: (text) => text.replaceAll('hidden-value', '[redacted]'),
  });
  return {
    activities,
    metrics,
    log,
    land: (id, parts = {}, { runId = randomUUID(), nonce, byReference } = {}) => {
      const { event } = buildInboxItem(id, { source: source.name, ...parts });
      const environment = new MockActivityEnvironment({
        workflowExecution: { workflowId: `${source.name}:${id}`, runId },
        startToCloseTimeoutMs: 8_000,
      });
      const entity = event.entity ?? { type: 'customer', id: 'cus_1' };
      return environment.run(activities.tryEvent, {
        event,
        entity,
        nonce: nonce ?? null,
        ...(byReference === undefined ? {} : { byReference }),
      });
    },
  };
}
