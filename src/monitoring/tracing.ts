import {
  type Attributes,
  context,
  isSpanContextValid,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanOptions,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { LandfallError } from '../errors.ts';

/** Spans of Landfall's own, beside those of Temporal's interceptors. Nothing is recorded where nobody started tracing. */
const tracer = () => trace.getTracer('landfall');

/** Begins a span that somebody else ends: see `inSpan` for work that has an end of its own. */
export function beginSpan(name: string, options: SpanOptions): Span {
  return tracer().startSpan(name, options);
}

/** Does work in a span below the one that is active, and ends it with the work. A failure is the span's, and thrown on. */
export function inSpan<Result>(
  name: string,
  options: SpanOptions,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  return tracer().startActiveSpan(name, options, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      failSpan(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/**
 * Marks a span as failed, by the code of the error or the name of its class; what it says is in the log.
 * @see https://opentelemetry.io/docs/specs/semconv/registry/attributes/error/
 */
export function failSpan(span: Span, error: unknown): void {
  const name = error instanceof Error ? error.name : typeof error;
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute('error.type', error instanceof LandfallError ? error.code : name);
}

/** Adds to the span that is active, where one is. */
export function describeSpan(attributes: Attributes): void {
  trace.getActiveSpan()?.setAttributes(attributes);
}

/** Whether what is done now is part of a trace that is kept. */
export function isTraced(): boolean {
  return trace.getActiveSpan()?.isRecording() ?? false;
}

/** The ids of the trace and the span that are active, as OpenTelemetry names them in logs; nothing where there is none. */
export function traceFields(): { trace_id?: string; span_id?: string } {
  const active = trace.getActiveSpan()?.spanContext();
  return active === undefined || !isSpanContextValid(active)
    ? {}
    : { trace_id: active.traceId, span_id: active.spanId };
}

/**
 * The active span as the header `traceparent` has it, for work that goes on elsewhere; undefined where there is none.
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function currentTraceparent(): string | undefined {
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent;
}

/** Does work below the span that a `traceparent` of ours names; as the root of a trace where it names none. */
export function underTraceparent<Result>(traceparent: string | undefined, work: () => Result): Result {
  return context.with(propagation.extract(ROOT_CONTEXT, { traceparent }), work);
}

/** A link to the span that a stranger's `traceparent` names: it is shown, and decides neither ids nor sampling. */
export function linkTo(traceparent: string | undefined): Link[] {
  const theirs = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, { traceparent }));
  return theirs === undefined ? [] : [{ context: theirs }];
}
