import type { Logger } from 'pino';
import type { TracingSettings } from '../monitoring/start-tracing.ts';
import type { TemporalTracing } from '../temporal/tracing.ts';

/** Tracing of this process, and of what it asks of Temporal. */
export interface Tracing {
  temporal: TemporalTracing;
  /** Sends what is left. */
  stop(): Promise<void>;
}

/** Starts tracing where it is asked for. Where it is not, OpenTelemetry is not even loaded. */
export async function openTracing(
  settings: TracingSettings | null,
  options: { serviceName: string; redact: (text: string) => string; logger: Logger },
): Promise<Tracing | null> {
  if (settings === null) return null;
  const [{ startTracing }, { createTemporalTracing }] = await Promise.all([
    import('../monitoring/start-tracing.ts'),
    import('../temporal/tracing.ts'),
  ]);
  const started = startTracing(settings, options);
  return { temporal: createTemporalTracing(started), stop: () => started.stop() };
}
