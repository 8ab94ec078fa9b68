import { readFileSync } from 'node:fs';
import { section, tableRows } from './markdown.ts';

/** A metric that docs/metrics.md lists. */
export interface ListedMetric {
  name: string;
  type: string;
  labels: string[];
}

/** A metric of the Temporal SDK. */
export interface ListedSdkMetric extends ListedMetric {
  /** Whether a worker that works has it, or only one to which something has happened. */
  always: boolean;
}

const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
const readLabels = (cell = '') => [...cell.matchAll(/\w+/g)].map(([label]) => label);

/** Those of our own, with their meaning. */
export function listedMetrics(): (ListedMetric & { meaning: string })[] {
  const [ours = ''] = page.split('\n## ');
  return tableRows(ours).map(([name = '', type = '', labels, meaning = '']) => {
    return { name, type, labels: readLabels(labels), meaning };
  });
}

/** Those of the Temporal SDK. */
export function listedSdkMetrics(): ListedSdkMetric[] {
  return tableRows(section(page, '## Of the Temporal SDK')).map(([name = '', type = '', labels, there]) => {
    return { name, type, labels: readLabels(labels), always: there === 'always' };
  });
}
