import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { alertKinds, severityOf } from '../src/model/alerts.ts';
import { rejectionCauses } from '../src/model/judge-rejections.ts';
import { createMetrics } from '../src/monitoring/metrics.ts';
import { anchors, section, tableRows } from './support/markdown.ts';

const root = resolve(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/alerts.md'), 'utf8');

const ruleSchema = z.strictObject({
  alert: z.string(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.strictObject({ severity: z.enum(['critical', 'warning']), kind: z.enum(alertKinds) }),
  annotations: z.strictObject({ summary: z.string(), runbook_url: z.string() }),
});
const { groups } = z
  .strictObject({
    groups: z.tuple([z.strictObject({ name: z.literal('landfall'), rules: z.array(ruleSchema) })]),
  })
  .parse(parseYaml(readFileSync(join(root, 'deploy/prometheus/alerts.yml'), 'utf8')));
const { rules } = groups[0];

describe('docs/alerts.md', () => {
  it('lists each alert with its severity, in the order of the code', () => {
    const [listed = ''] = page.split('\n## ');
    const rows = tableRows(listed).map(([name = '', severity]) => [/^\[(.*)\]/.exec(name)?.[1], severity]);
    expect(rows).toEqual(alertKinds.map((kind) => [kind, severityOf(kind)]));
  });

  it.each(alertKinds)(
    'has a runbook for %s: what it means, what is likely, how to look, mend and silence',
    (kind) => {
      const runbook = section(page, `## ${kind}`);
      const parts = [...runbook.matchAll(/^\*\*(\w+)\.\*\* \S/gm)].map(([, part]) => part);
      expect(parts).toEqual(['Means', 'Likely', 'Look', 'Mend', 'Silence']);
      expect(runbook).toContain(`landfall alerts silence ${kind}`);
    },
  );

  it('explains each cause that a message may name', () => {
    const named = ['all-rejected', 'rejections'].flatMap((kind) =>
      tableRows(section(page, `## ${kind}`)).map(([cause]) => cause),
    );
    expect([...new Set(named)].sort()).toEqual(Object.keys(rejectionCauses).sort());
  });
});

describe('deploy/prometheus/alerts.yml', () => {
  it('has each alert as a rule, with its severity', () => {
    expect(rules.map(({ labels }) => [labels.kind, labels.severity])).toEqual(
      alertKinds.map((kind) => [kind, severityOf(kind)]),
    );
  });

  it.each(rules)(
    'names the rule $alert after its kind, and links to its runbook',
    ({ alert, labels, annotations }) => {
      const words = labels.kind.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
      expect(alert).toBe(`Landfall${words.join('')}`);
      expect(annotations.runbook_url).toBe(`docs/alerts.md#${labels.kind}`);
      expect(anchors(page)).toContain(labels.kind);
    },
  );

  it('asks for metrics and labels that there are', async () => {
    const schema = z.object({ labelNames: z.array(z.string()) });
    const { registry } = createMetrics();
    for (const { expr } of rules) {
      for (const [name] of expr.matchAll(/\blandfall_\w+/g)) {
        const metric = registry.getSingleMetric(name.replace(/_(bucket|count|sum)$/, ''));
        expect(metric, name).toBeDefined();
        const { labelNames } = schema.parse(metric);
        const [, asked = ''] = new RegExp(`by \\(([^)]*)\\) \\([^(]*\\(?${name}`).exec(expr) ?? [];
        const labels = asked.split(/, ?/).filter((label) => label !== '' && label !== 'le');
        expect(labelNames, `${name} in ${expr}`).toEqual(expect.arrayContaining(labels));
      }
    }
  });
});
