import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';

/** The header in which the interceptors of OpenTelemetry hand on the trace. */
const traceHeader = '_tracer-data';

/**
 * Behind the interceptors of OpenTelemetry, for a worker with traces: a run that continues as new begins a trace of its own. A source is
 * watched for years, and a trace of years is one that no backend keeps.
 */
export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [
    {
      continueAsNew(input, next) {
        const handedOn = Object.entries(input.headers).filter(([name]) => name !== traceHeader);
        return next({ ...input, headers: Object.fromEntries(handedOn) });
      },
    },
  ],
});
