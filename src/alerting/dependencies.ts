import type { Logger } from 'pino';
import type { AlertSettings } from '../model/alerts.ts';
import type { Metrics } from '../monitoring/metrics.ts';
import type { Source } from '../sources/define-source.ts';
import type { Store } from '../store/store.ts';
import type { Channel } from './channel.ts';

/** What alerts are judged and sent with: by the activities of a worker, and by a receiver that stands in for them. */
export interface AlertingDependencies {
  sources: ReadonlyMap<string, Source>;
  store: Store;
  settings: AlertSettings;
  channels: readonly Channel[];
  metrics: Metrics;
  logger: Logger;
  /** Takes the configured secrets out of a text. */
  redact: (text: string) => string;
  /** Milliseconds since the epoch. */
  now: () => number;
}
