import type { TracingSettings } from '../monitoring/start-tracing.ts';

const protocols = ['http/protobuf', 'http/json'] as const;

/**
 * Whether traces are asked for, by OpenTelemetry's standard variables: an endpoint is named, or the exporter `otlp`. All else that they
 * say is read by OpenTelemetry itself.
 *
 * @param problems - takes what is asked for and cannot be done
 * @returns null where nobody asks
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export function loadTracing(
  env: Readonly<Record<string, unknown>>,
  problems: string[],
): TracingSettings | null {
  const read = (name: string): string | undefined => {
    const value = env[name];
    return typeof value === 'string' ? value.trim() : undefined;
  };
  const exporters = read('OTEL_TRACES_EXPORTER')?.split(',');
  const endpoint = read('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? read('OTEL_EXPORTER_OTLP_ENDPOINT');
  if (read('OTEL_SDK_DISABLED')?.toLowerCase() === 'true' || exporters?.includes('none') === true)
    return null;
  if (exporters === undefined && endpoint === undefined) return null;
  const others = (exporters ?? []).filter((name) => name !== 'otlp');
  if (others.length > 0) {
    problems.push(
      `OTEL_TRACES_EXPORTER: ${others.join(', ')} is not supported. Set otlp or none; a collector turns OTLP into other formats.`,
    );
  }
  const asked =
    read('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? read('OTEL_EXPORTER_OTLP_PROTOCOL') ?? 'http/protobuf';
  const protocol = protocols.find((each) => each === asked);
  if (protocol === undefined) {
    problems.push(
      `OTEL_EXPORTER_OTLP_PROTOCOL: ${asked} is not supported. Set ${protocols.join(' or ')}; collectors take both on port 4318.`,
    );
    return null;
  }
  return { protocol };
}
