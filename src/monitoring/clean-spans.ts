import type { AttributeValue, Attributes } from '@opentelemetry/api';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';

/** A library's message may hold a page. */
const longestText = 4_096;

/**
 * Of an exception only its type is kept. A message may repeat what a vendor or a destination answered, personal data and all, and spans go
 * to places that logs do not. The line of the log with the same `trace_id` has it.
 */
const ofExceptions: ReadonlySet<string> = new Set(['exception.message', 'exception.stacktrace']);

/**
 * An exporter whose spans say what was done and how it ended, and nothing of what was in it: no messages of errors, and names and
 * attributes that have been through redaction, whoever added them. Values that are no plain ones are left out: Temporal's interceptors add
 * all that a run knows of itself, with its memo.
 */
export function cleanSpans(exporter: SpanExporter, redact: (text: string) => string): SpanExporter {
  const clean = (text: string): string => redact(text).slice(0, longestText);
  return {
    export: (spans, done) =>
      exporter.export(
        spans.map((span) => cleanSpan(span, clean)),
        done,
      ),
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}

/** By name: of spans of the SDK, most of these are getters that a spread leaves behind. */
function cleanSpan(span: ReadableSpan, clean: (text: string) => string): ReadableSpan {
  const spanContext = span.spanContext();
  return {
    name: clean(span.name),
    kind: span.kind,
    spanContext: () => spanContext,
    ...(span.parentSpanId === undefined ? {} : { parentSpanId: span.parentSpanId }),
    startTime: span.startTime,
    endTime: span.endTime,
    status: { code: span.status.code },
    attributes: cleanAttributes(span.attributes, clean),
    links: span.links,
    events: span.events.map(({ attributes = {}, ...event }) => ({
      ...event,
      attributes: cleanAttributes(attributes, clean),
    })),
    duration: span.duration,
    ended: span.ended,
    resource: span.resource,
    instrumentationLibrary: span.instrumentationLibrary,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
  };
}

function cleanAttributes(attributes: Attributes, clean: (text: string) => string): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) => {
      const plain = ofExceptions.has(name) ? null : cleanValue(value, clean);
      return plain === null ? [] : [[name, plain]];
    }),
  );
}

function cleanValue(value: unknown, clean: (text: string) => string): AttributeValue | null {
  switch (typeof value) {
    case 'string':
      return clean(value);
    case 'number':
    case 'boolean':
      return value;
    default:
      return null;
  }
}
