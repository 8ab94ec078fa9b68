import { readdirSync, readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { knownMetrics, problemsOf } from '../support/known-metrics.ts';
import { readPromql } from '../support/promql.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string): unknown =>
  parseYaml(readFileSync(new URL(path, root), 'utf8'), { merge: true }) as unknown;

const duration = z.string().regex(/^(\d+(ms|[smhdwy]))+$/);
const configuration = z
  .strictObject({
    global: z.strictObject({ scrape_interval: duration, evaluation_interval: duration }),
    rule_files: z.array(z.string()),
    alerting: z.strictObject({
      alertmanagers: z.array(
        z.strictObject({ static_configs: z.array(z.strictObject({ targets: z.array(z.string()) })) }),
      ),
    }),
    scrape_configs: z.array(
      z.strictObject({
        job_name: z.string(),
        dns_sd_configs: z.tuple([
          z.strictObject({
            names: z.array(z.string()),
            type: z.literal('A'),
            port: z.int(),
            refresh_interval: duration,
          }),
        ]),
      }),
    ),
  })
  .parse(read('deploy/prometheus/prometheus.yml'));
const ruleFileSchema = z.strictObject({
  groups: z
    .array(
      z.strictObject({
        name: z.string(),
        interval: duration.optional(),
        rules: z
          .array(
            z.strictObject({
              alert: z.string(),
              expr: z.string(),
              for: duration.optional(),
              keep_firing_for: duration.optional(),
              labels: z.record(z.string(), z.string()).default({}),
              annotations: z.record(z.string(), z.string()).default({}),
            }),
          )
          .min(1),
      }),
    )
    .min(1),
});
const composeSchema = z.object({
  services: z.record(
    z.string(),
    z.looseObject({
      command: z.union([z.string(), z.array(z.string())]).optional(),
      environment: z.record(z.string(), z.string()).optional(),
      volumes: z.array(z.string()).default([]),
    }),
  ),
});
const { services } = composeSchema.parse(read('docker-compose.yml'));
const ruleFiles = readdirSync(new URL('deploy/prometheus', root)).filter((name) => name !== 'prometheus.yml');

describe('deploy/prometheus/prometheus.yml', () => {
  it('reads the rule files that lie beside it, each and no others', () => {
    expect(configuration.rule_files).toEqual(ruleFiles);
  });

  it('is read, with its rules, by the Prometheus of docker-compose.yml', () => {
    const { command = [], volumes = [] } = services['prometheus'] ?? {};
    const [folder] = volumes.flatMap((volume) => /^\.\/deploy\/prometheus:(.*):ro$/.exec(volume)?.[1] ?? []);
    expect(command).toContain(`--config.file=${folder ?? '?'}/prometheus.yml`);
  });

  it('scrapes the ops port of each process of ours', () => {
    const scraped = configuration.scrape_configs.flatMap(({ dns_sd_configs: [{ names, port }] }) =>
      names.map((name) => [name, String(port)]),
    );
    const ours = Object.entries(services).flatMap(([name, { environment }]) => {
      const port = environment?.['LANDFALL_OPS_PORT'];
      return port === undefined || !['receiver', 'worker'].includes(name) ? [] : [[name, port]];
    });
    expect(ours).toHaveLength(2);
    expect(scraped).toEqual(ours);
  });

  it('tells the Alertmanager of docker-compose.yml, which is told whom to tell', () => {
    const targets = configuration.alerting.alertmanagers.flatMap(({ static_configs }) =>
      static_configs.flatMap((each) => each.targets),
    );
    expect(targets).toEqual(['alertmanager:9093']);
    const { command = [], volumes = [] } = services['alertmanager'] ?? {};
    expect(volumes).toContain('./deploy/alertmanager:/etc/alertmanager:ro');
    expect(command).toContain('--config.file=/etc/alertmanager/alertmanager.yml');
    const { route, receivers } = z
      .strictObject({
        route: z.looseObject({ receiver: z.string(), group_by: z.array(z.string()) }),
        receivers: z.array(z.looseObject({ name: z.string() })),
      })
      .parse(read('deploy/alertmanager/alertmanager.yml'));
    expect(receivers.map(({ name }) => name)).toContain(route.receiver);
  });
});

describe.each(ruleFiles)('deploy/prometheus/%s', (file) => {
  const { groups } = ruleFileSchema.parse(read(`deploy/prometheus/${file}`));
  const rules = groups.flatMap((group) => group.rules);
  const known = knownMetrics();

  it.each(rules)('$alert asks for what there is', ({ expr }) => {
    expect(problemsOf(expr, known), expr).toEqual([]);
  });

  it.each(rules)('$alert says in its texts only what its query keeps', ({ expr, labels, annotations }) => {
    const kept = readPromql(expr).asked.flatMap((each) => each.labels);
    const texts = Object.values({ ...labels, ...annotations }).join(' ');
    const named = [...texts.matchAll(/\$labels\.(\w+)/g)].map(([, name]) => name);
    expect([...kept, ...Object.keys(labels)]).toEqual(expect.arrayContaining(named));
  });

  it('names each alert once', () => {
    const names = rules.map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
  });
});
