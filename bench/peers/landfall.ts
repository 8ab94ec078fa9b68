/** Landfall as its own commands run it, with the vendor described in JSON and every other setting at its default. */
export function landfallEnvironment({
  port,
  opsPort,
  sourcesFile,
  secret,
}: {
  port: number;
  opsPort: number;
  sourcesFile: string;
  secret: string;
}): Record<string, string> {
  return {
    LANDFALL_HOST: '127.0.0.1',
    LANDFALL_PORT: String(port),
    LANDFALL_OPS_HOST: '127.0.0.1',
    LANDFALL_OPS_PORT: String(opsPort),
    LANDFALL_SOURCES_FILE: sourcesFile,
    BENCH_WEBHOOK_SECRET: secret,
  };
}

/** The same endpoint, signature and record as `receiver.ts` and `event-work.ts` have them. */
export function landfallSources(vendorUrl: string): unknown[] {
  return [
    {
      name: 'bench',
      scheme: {
        type: 'hmac',
        header: 'x-bench-signature',
        algorithm: 'sha256',
        encoding: 'hex',
        prefix: 'sha256=',
      },
      secretEnv: 'BENCH_WEBHOOK_SECRET',
      id: '/id',
      type: '/type',
      entity: { type: 'record', id: '/data/id' },
      version: '/data/version',
      fetch: { urlTemplate: `${vendorUrl}/records/{id}`, versionPointer: '/version' },
    },
  ];
}
