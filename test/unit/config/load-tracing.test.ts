import { describe, expect, it } from 'vitest';
import { loadTracing } from '../../../src/config/load-tracing.ts';

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

function load(env: Record<string, string>): { tracing: ReturnType<typeof loadTracing>; problems: string[] } {
  const problems: string[] = [];
  return { tracing: loadTracing(env, problems), problems };
}

describe('Traces', () => {
  it.each([
    {},
    { OTEL_SERVICE_NAME: 'webhooks' },
    { ...endpoint, OTEL_SDK_DISABLED: 'true' },
    { ...endpoint, OTEL_TRACES_EXPORTER: 'none' },
  ])('are off with %o', (env) => {
    expect(load(env)).toEqual({ tracing: null, problems: [] });
  });

  it.each([
    [endpoint, 'http/protobuf'],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' }, 'http/protobuf'],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, 'http/protobuf'],
    [{ ...endpoint, OTEL_SDK_DISABLED: 'false', OTEL_TRACES_EXPORTER: 'otlp' }, 'http/protobuf'],
    [{ ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, 'http/json'],
    [
      {
        ...endpoint,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf',
      },
      'http/protobuf',
    ],
  ])('are sent with %o as %s', (env, protocol) => {
    expect(load(env)).toEqual({ tracing: { protocol }, problems: [] });
  });

  it.each([
    [
      { ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      /OTEL_EXPORTER_OTLP_PROTOCOL: grpc .*http\/protobuf/,
    ],
    [{ OTEL_TRACES_EXPORTER: 'zipkin' }, /OTEL_TRACES_EXPORTER: zipkin .*otlp/],
  ])('cannot be sent with %o, and that is a mistake to mend', (env, problem) => {
    expect(load(env).problems).toEqual([expect.stringMatching(problem)]);
  });
});
