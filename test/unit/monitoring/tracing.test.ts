import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { afterEach, describe, expect, it } from 'vitest';
import { VendorRefusedError } from '../../../src/errors.ts';
import { createLogger } from '../../../src/monitoring/logger.ts';
import { startTracing, type StartedTracing } from '../../../src/monitoring/start-tracing.ts';
import {
  beginSpan,
  currentTraceparent,
  describeSpan,
  inSpan,
  isTraced,
  linkTo,
  traceFields,
  underTraceparent,
} from '../../../src/monitoring/tracing.ts';
import { startOtlpCollector, type OtlpCollector } from '../../support/otlp-collector.ts';

const secret = 'whsec_hidden';
const redact = (text: string) => text.replaceAll(secret, '[redacted]');
const theirs = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const log: string[] = [];
const logger = createLogger({
  level: 'debug',
  format: 'json',
  redact,
  destination: { write: (line) => void log.push(line) },
});

describe('Without tracing', () => {
  it('work is done all the same, and leaves no trace of itself', async () => {
    const seen = await inSpan('work', {}, () => {
      describeSpan({ 'landfall.source': 'shop' });
      return Promise.resolve([isTraced(), traceFields(), currentTraceparent(), linkTo(theirs)]);
    });
    expect(seen).toEqual([false, {}, undefined, []]);
    expect(underTraceparent(theirs, currentTraceparent)).toBeUndefined();
    await expect(inSpan('work', {}, () => Promise.reject(new Error('as it was')))).rejects.toThrow(
      'as it was',
    );
  });
});

describe('With tracing', () => {
  let collector: OtlpCollector;
  let tracing: StartedTracing;
  const start = async (protocol: 'http/json' | 'http/protobuf', env: Record<string, string> = {}) => {
    collector = await startOtlpCollector();
    Object.assign(process.env, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...env });
    tracing = startTracing({ protocol }, { serviceName: 'landfall-test', redact, logger });
  };
  afterEach(async () => {
    await tracing.stop();
    await collector[Symbol.asyncDispose]();
    for (const name of Object.keys(process.env)) {
      if (name.startsWith('OTEL_')) Reflect.deleteProperty(process.env, name);
    }
    log.length = 0;
  });

  it('spans go to the collector that the environment names, as a tree', async () => {
    await start('http/json', { OTEL_EXPORTER_OTLP_HEADERS: 'x-key=abc', OTEL_RESOURCE_ATTRIBUTES: 'a=b' });
    const root = await inSpan('outer', { kind: SpanKind.SERVER }, async (span) => {
      describeSpan({ 'landfall.source': 'shop' });
      await inSpan('inner', {}, () => Promise.resolve());
      return span.spanContext();
    });
    await tracing.stop();
    expect(collector.requests.map(({ path, headers }) => [path, headers['x-key']])).toEqual([
      ['/v1/traces', 'abc'],
    ]);
    const [inner, outer] = collector.spans();
    expect(outer).toMatchObject({
      service: 'landfall-test',
      name: 'outer',
      kind: 2,
      traceId: root.traceId,
      parentSpanId: null,
      attributes: { 'landfall.source': 'shop' },
      status: 0,
    });
    expect(inner).toMatchObject({ name: 'inner', traceId: root.traceId, parentSpanId: root.spanId });
  });

  it('goes as protobuf where nobody asks for JSON', async () => {
    await start('http/protobuf', { OTEL_SERVICE_NAME: 'webhooks' });
    await inSpan('a-span-by-name', {}, () => Promise.resolve());
    await tracing.stop();
    const [request] = collector.requests;
    expect(request?.type).toBe('application/x-protobuf');
    for (const text of ['a-span-by-name', 'webhooks']) expect(request?.body.includes(text)).toBe(true);
  });

  it('lines of the log have the ids of the trace that they are part of, others have none', async () => {
    await start('http/json');
    const { traceId, spanId } = await inSpan('work', {}, (span) => {
      logger.info('inside');
      return Promise.resolve(span.spanContext());
    });
    logger.info('outside');
    const lines = log.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).toMatchObject({ msg: 'inside', trace_id: traceId, span_id: spanId });
    expect(Object.keys(lines[1] ?? {})).not.toContain('trace_id');
  });

  it('a span says how work failed, and nothing of what the error says, whoever adds it', async () => {
    await start('http/json');
    const error = new VendorRefusedError('ada@example.com is refused');
    const failing = inSpan('work', {}, (span) => {
      // As the interceptors of Temporal do.
      span.recordException(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      return Promise.reject(error);
    });
    await expect(failing).rejects.toBe(error);
    await expect(inSpan('other work', {}, () => Promise.reject(new TypeError('ada')))).rejects.toThrow('ada');
    await tracing.stop();
    expect(collector.spans()).toMatchObject([
      { name: 'work', status: 2, attributes: { 'error.type': 'LANDFALL_VENDOR_REFUSED' } },
      { name: 'other work', status: 2, attributes: { 'error.type': 'TypeError' } },
    ]);
    const sent = collector.requests.map(({ body }) => body.toString('utf8')).join('');
    expect(sent).toContain('exception.type');
    expect(sent).not.toMatch(/ada|exception\.(message|stacktrace)/);
  });

  it('no secret leaves with a span: not in its name, nor in an attribute', async () => {
    await start('http/json');
    const attributes = { url: `https://x/?key=${secret}`, list: [secret] };
    await inSpan(`work with ${secret}`, { attributes }, () => Promise.resolve());
    await tracing.stop();
    expect(collector.spans()).toMatchObject([
      { name: 'work with [redacted]', attributes: { url: 'https://x/?key=[redacted]' } },
    ]);
    expect(collector.requests.map(({ body }) => body.toString('utf8')).join('')).not.toContain(secret);
  });

  it('work goes on in a trace that was kept as text', async () => {
    await start('http/json');
    const kept = await inSpan('accept', {}, () => Promise.resolve(currentTraceparent()));
    expect(kept).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    await underTraceparent(kept, () => inSpan('relay', {}, () => Promise.resolve()));
    await underTraceparent(undefined, () => inSpan('alone', {}, () => Promise.resolve()));
    await tracing.stop();
    const [accept, relay, alone] = collector.spans();
    expect(relay).toMatchObject({ traceId: accept?.traceId, parentSpanId: accept?.spanId });
    expect(alone?.parentSpanId).toBeNull();
    expect(alone?.traceId).not.toBe(accept?.traceId);
  });

  it("a stranger's trace is linked and nothing else; what is no traceparent is not even that", async () => {
    await start('http/json');
    beginSpan('delivery', { root: true, links: linkTo(theirs) }).end();
    expect(linkTo('00-zz-zz-01')).toEqual([]);
    expect(linkTo(undefined)).toEqual([]);
    await tracing.stop();
    const [span] = collector.spans();
    expect(span?.links).toEqual([
      { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' },
    ]);
    expect(span?.traceId).not.toBe(span?.links[0]?.traceId);
    expect(span?.parentSpanId).toBeNull();
  });

  it('a collector that refuses costs a warning and no work', async () => {
    await start('http/json');
    collector.answerWith(400);
    expect(await inSpan('work', {}, () => Promise.resolve('done'))).toBe('done');
    await tracing.stop();
    expect(log.join('')).toMatch(/"level":"warn".*"msg":"the last spans could not be sent"/);
  });

  it('ends with its stop', async () => {
    await start('http/json');
    await tracing.stop();
    expect(isTraced()).toBe(false);
    expect(trace.getSpan(context.active())).toBeUndefined();
    expect(await inSpan('later', {}, () => Promise.resolve(currentTraceparent()))).toBeUndefined();
  });
});
