import { readdirSync, readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { dashboards, print } from '../../scripts/dashboards/dashboards.ts';
import { knownMetrics, problemsOf } from '../support/known-metrics.ts';

const folder = new URL('../../deploy/grafana/', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, folder), 'utf8');
const files = readdirSync(new URL('dashboards', folder));

const panelSchema = z.looseObject({
  id: z.int(),
  type: z.enum(['row', 'stat', 'timeseries']),
  title: z.string().min(1),
  description: z.string().optional(),
  gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
  targets: z.array(z.looseObject({ refId: z.string(), expr: z.string() })).default([]),
});
const dashboardSchema = z.looseObject({
  uid: z.string(),
  panels: z.array(panelSchema).min(10),
  templating: z.object({
    list: z.array(z.looseObject({ name: z.string(), type: z.string(), definition: z.string().optional() })),
  }),
});
const known = knownMetrics();

describe('deploy/grafana/dashboards', () => {
  it('has a file for each dashboard', () => {
    expect(files).toEqual(dashboards.map(({ uid }) => `${uid}.json`));
  });

  it.each(dashboards)('has $uid as `npm run dashboards` makes it', (dashboard) => {
    expect(read(`dashboards/${dashboard.uid}.json`)).toBe(print(dashboard));
  });

  describe.each(files)('%s', (file) => {
    const { panels, templating } = dashboardSchema.parse(JSON.parse(read(`dashboards/${file}`)));
    const graphs = panels.filter(({ type }) => type !== 'row');

    it.each(graphs.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr }))))(
      'asks for what there is: $title',
      ({ expr }) => {
        expect(problemsOf(expr, known), expr).toEqual([]);
      },
    );

    it('asks only for variables that it has, and those only for what there is', () => {
      const names = templating.list.map(({ name }) => name);
      const used = graphs.flatMap(({ targets }) =>
        targets.flatMap(({ expr }) => [...expr.matchAll(/\$(?!__)(\w+)/g)].map(([, name]) => name)),
      );
      expect(names).toEqual(expect.arrayContaining(used));
      for (const { type, definition = '' } of templating.list) {
        if (type !== 'query') continue;
        const [, metric = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(definition) ?? [];
        expect(known.get(metric), definition).toContain(label);
      }
    });

    it('says of each graph what it is for, and puts none over another', () => {
      for (const { description, targets } of graphs) {
        expect(description).toMatch(/\S/);
        expect(targets.length).toBeGreaterThan(0);
      }
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length);
      expect(Math.max(...panels.map(({ gridPos: { x, w } }) => x + w))).toBeLessThanOrEqual(24);
    });
  });
});

describe('the check of queries', () => {
  it.each([
    ['sum(rate(landfall_deliveries_total[5m])', 'it cannot be read at character 40'],
    ['rate(landfall_deliveries_total)', 'expected type matrix in call to function "rate", got vector'],
    ['histogram_quantile(landfall_answer_duration_seconds_bucket)', /expected 2 argument/],
    ['rate(landfall_delivered_total[5m])', 'there is no metric landfall_delivered_total'],
    ['landfall_answer_duration_seconds', 'there is no metric landfall_answer_duration_seconds'],
    ['landfall_deliveries_total{sauce="shop"}', 'landfall_deliveries_total has no label sauce'],
    ['sum by (reason) (landfall_deliveries_total)', 'landfall_deliveries_total has no label reason'],
    ['landfall_inbox_items and on (source) up', 'landfall_inbox_items has no label source'],
    ['vector(1)', 'it asks for no metric'],
  ])('finds what is wrong with %s', (query, problem) => {
    expect(problemsOf(query, known)).toContainEqual(
      typeof problem === 'string' ? problem : expect.stringMatching(problem),
    );
  });
});

describe('deploy/grafana/provisioning', () => {
  it('reads the dashboards from where docker-compose.yml puts them', () => {
    const { providers } = z
      .object({
        apiVersion: z.literal(1),
        providers: z.tuple([z.looseObject({ options: z.object({ path: z.string() }) })]),
      })
      .parse(parseYaml(read('provisioning/dashboards/landfall.yml')));
    const compose = readFileSync(new URL('../../docker-compose.yml', folder), 'utf8');
    expect(compose).toContain(`./deploy/grafana/dashboards:${providers[0].options.path}:ro`);
    const [, home] = /GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: (\S+)/.exec(compose) ?? [];
    expect(files.map((file) => `${providers[0].options.path}/${file}`)).toContain(home);
  });

  it('has Prometheus for the data source that dashboards use without a choice', () => {
    const { datasources } = z
      .object({
        apiVersion: z.literal(1),
        datasources: z.array(z.looseObject({ type: z.string(), url: z.url() })),
      })
      .parse(parseYaml(read('provisioning/datasources/prometheus.yml')));
    expect(datasources).toMatchObject([
      { type: 'prometheus', url: 'http://prometheus:9090', isDefault: true },
      { type: 'alertmanager', url: 'http://alertmanager:9093' },
    ]);
  });
});
