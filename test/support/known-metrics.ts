import { Histogram } from 'prom-client';
import { z } from 'zod';
import { createMetrics } from '../../src/monitoring/metrics.ts';
import { listedSdkMetrics } from './listed-metrics.ts';
import { readPromql } from './promql.ts';

/** Of every series, from its scrape. */
const ofTargets = ['job', 'instance'];
const labelled = z.object({ labelNames: z.array(z.string()) });

/** Each name that a query may ask for, with its labels: ours, Node's, the Temporal SDK's, Prometheus' own. */
export function knownMetrics(): ReadonlyMap<string, readonly string[]> {
  const { registry } = createMetrics();
  const ours = registry.getMetricsAsArray().map(({ name }) => {
    const metric = registry.getSingleMetric(name);
    const type = metric instanceof Histogram ? 'histogram' : 'other';
    return { name, type, labels: labelled.parse(metric).labelNames };
  });
  const known = new Map<string, readonly string[]>([['up', ofTargets]]);
  for (const { name, type, labels } of [...ours, ...listedSdkMetrics()]) {
    const all = [...labels, ...ofTargets];
    if (type === 'histogram') {
      known.set(`${name}_bucket`, [...all, 'le']);
      for (const part of ['sum', 'count']) known.set(`${name}_${part}`, all);
    } else known.set(name, all);
  }
  return known;
}

/** What is wrong with a query: in itself, and because nothing has what it asks for. */
export function problemsOf(query: string, known: ReadonlyMap<string, readonly string[]>): string[] {
  const { problems, asked } = readPromql(query);
  if (asked.length === 0) return [...problems, 'it asks for no metric'];
  return [
    ...problems,
    ...asked.flatMap(({ metric, labels }) => {
      const its = known.get(metric);
      if (its === undefined) return [`there is no metric ${metric}`];
      return labels.filter((label) => !its.includes(label)).map((label) => `${metric} has no label ${label}`);
    }),
  ];
}
