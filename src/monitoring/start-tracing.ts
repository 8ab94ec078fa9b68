import { context, diag, DiagLogLevel, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { envDetectorSync, Resource } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Logger } from 'pino';
import { cleanSpans } from './clean-spans.ts';

/** How spans leave the process; what else there is to say is read from OTEL_* variables by OpenTelemetry itself. */
export interface TracingSettings {
  protocol: 'http/protobuf' | 'http/json';
}

/** Tracing of this process. */
export interface StartedTracing {
  /** Takes the spans of workflows, which end in a sandbox. */
  spanProcessor: SpanProcessor;
  /** What the spans say of this process. */
  resource: Resource;
  /** Sends what is left, and traces nothing from then on. */
  stop(): Promise<void>;
}

/**
 * Registers OpenTelemetry for the process: spans are sent in batches by OTLP over HTTP, and a collector that is away costs spans, never events.
 * Endpoint, headers, sampler, limits and the resource are OpenTelemetry's own variables.
 *
 * @param options.serviceName - where OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say none
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export function startTracing(
  { protocol }: TracingSettings,
  { serviceName, redact, logger }: { serviceName: string; redact: (text: string) => string; logger: Logger },
): StartedTracing {
  diag.setLogger(reportTo(logger), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const exporter = protocol === 'http/json' ? new JsonExporter() : new ProtobufExporter();
  const spanProcessor = new BatchSpanProcessor(cleanSpans(exporter, redact));
  const resource = new Resource({
    ...Resource.default().attributes,
    'service.name': serviceName,
    ...envDetectorSync.detect().attributes,
  });
  const provider = new BasicTracerProvider({ resource, spanProcessors: [spanProcessor] });
  provider.register({
    contextManager: new AsyncLocalStorageContextManager(),
    propagator: new W3CTraceContextPropagator(),
  });
  return {
    spanProcessor,
    resource,
    async stop() {
      trace.disable();
      context.disable();
      propagation.disable();
      await provider.shutdown().catch((error: unknown) => {
        logger.warn({ err: error }, 'the last spans could not be sent');
      });
      diag.disable();
    },
  };
}

/** What OpenTelemetry has to say of itself, such as a collector that refuses: traces are a help, so nothing of it is an error. */
function reportTo(logger: Logger) {
  const warn = (message: string, ...more: unknown[]): void => {
    logger.warn({ component: 'opentelemetry', ...(more.length === 0 ? {} : { more }) }, message);
  };
  return { error: warn, warn, info: warn, debug: warn, verbose: warn };
}
