import type { MetricsExporterConfig } from '@temporalio/worker';
import type { Logger } from 'pino';

/** From a server beside us to one that is in trouble; the SDK's own begin at 50 ms, where ours have long ended. */
const calls = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** What waits for a worker may wait for an outage to end. */
const waits = [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60, 300, 1_800];

/**
 * How the SDK's core exports its metrics: under the names of Prometheus' conventions (seconds, `_total`), as Temporal's other SDKs and their
 * dashboards have them. Labels are namespace, task queue, operation and the types of workflows and activities: all bounded.
 */
export function metricsExporter(bindAddress: string): MetricsExporterConfig {
  return {
    attachServiceName: false,
    prometheus: {
      bindAddress,
      countersTotalSuffix: true,
      unitSuffix: true,
      useSecondsForDurations: true,
      histogramBucketOverrides: {
        request_latency: calls,
        activity_execution_latency: calls,
        local_activity_execution_latency: calls,
        workflow_task_execution_latency: calls,
        activity_schedule_to_start_latency: waits,
        workflow_task_schedule_to_start_latency: waits,
      },
    },
  };
}

const readWithinMilliseconds = 2_000;

/** A scrape without the SDK's metrics is better than none. */
export async function readMetrics(url: string, logger: Logger): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(readWithinMilliseconds) });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    return await response.text();
  } catch (error) {
    logger.warn({ err: error }, "the Temporal SDK's metrics cannot be read at the moment");
    return '';
  }
}
