import type { WorkflowClientInterceptor } from '@temporalio/client';
import {
  makeWorkflowExporter,
  OpenTelemetryActivityInboundInterceptor,
  OpenTelemetryActivityOutboundInterceptor,
  OpenTelemetryWorkflowClientInterceptor,
} from '@temporalio/interceptors-opentelemetry';
import type { WorkerOptions } from '@temporalio/worker';
import type { StartedTracing } from '../monitoring/start-tracing.ts';

/** What makes the traces of a process go through Temporal: the SDK's own interceptors, which hand on the trace in headers. */
export interface TemporalTracing {
  client: WorkflowClientInterceptor[];
  /** Of a worker whose workflows were bundled as `traced`. */
  worker: Pick<WorkerOptions, 'interceptors' | 'sinks'>;
}

/** @param tracing - where the spans of workflows go, which end in a sandbox */
export function createTemporalTracing({
  spanProcessor,
  resource,
}: Pick<StartedTracing, 'spanProcessor' | 'resource'>): TemporalTracing {
  return {
    client: [new OpenTelemetryWorkflowClientInterceptor()],
    worker: {
      interceptors: {
        activity: [
          (context) => ({
            inbound: new OpenTelemetryActivityInboundInterceptor(context),
            outbound: new OpenTelemetryActivityOutboundInterceptor(context),
          }),
        ],
      },
      sinks: { exporter: makeWorkflowExporter(spanProcessor, resource) },
    },
  };
}
