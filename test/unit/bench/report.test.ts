import { expect, test } from 'vitest';
import { plotRatios } from '../../../bench/tool/plot.ts';
import { figureOf, ratioOf } from '../../../bench/tool/ratio.ts';
import { digits, renderReport } from '../../../bench/tool/report.ts';
import { emptyResults, replaceResults, resultsSchema } from '../../../bench/tool/results.ts';

const throughput = ratioOf([{ ours: 47.25, theirs: 50 }], {
  ...{ suite: 'receiving', name: 'throughput', server: 'full', unit: 'events/s' },
  ...{ against: 'client.workflow.start', goal: { atLeast: 0.95 } },
});
const history = figureOf(18, {
  ...{ suite: 'processing', name: 'history events', server: 'full', unit: 'events', goal: { atMost: 6 } },
});
const results = { ...emptyResults(), ratios: [throughput], figures: [history] };

test('the report has a table for each suite that was measured, and says which goals were missed', () => {
  const senses = new Map([
    ['receiving', 'Against the bare start.'],
    ['processing', 'Against a bare workflow.'],
    ['soak', 'Not measured.'],
  ]);
  const report = renderReport(results, senses);
  expect(report).toContain(
    '| throughput | full | **0.945** (0.945–0.945) | ≥ 0.95: **missed** | 47.3 events/s | client.workflow.start: 50 events/s | 1 |',
  );
  expect(report).toContain('| history events | full | 18 events | ≤ 6: **missed** |');
  expect(report).toContain('images/benchmarks-full.svg');
  expect(report).not.toContain('soak');
  expect(report).not.toContain('benchmarks-dev.svg');
});

test('the report says on which processor each server’s rows were measured', () => {
  const dev = { ...throughput, server: 'dev' as const, processor: 'A' };
  const full = { ...throughput, processor: 'B' };
  const report = renderReport({ ...results, ratios: [dev, full] }, new Map([['receiving', 'Of both.']]));
  expect(report).toContain('Of both. Measured on A (dev) and B (full).');
});

test('figures have three digits that count', () => {
  expect([0.33333, 12.345, 1_234_567, 99.96].map(digits)).toEqual(['0.333', '12.3', '1,234,567', '100']);
});

test('results of a suite measured again take the place of its old ones, on that server only', () => {
  const [old, dev] = [throughput, { ...throughput, server: 'dev' as const }];
  const kept = { ...results, ratios: [old, dev] };
  const again = { ...old, value: 1 };
  const merged = replaceResults(kept, { ratios: [again], figures: [] });
  expect(merged.ratios).toEqual([dev, again]);
  expect(merged.figures).toEqual([history]);
  expect(resultsSchema.parse(JSON.parse(JSON.stringify(merged)))).toEqual(merged);
});

test('a plot is an SVG of its own that shows each ratio of its server', () => {
  const svg = plotRatios([throughput, { ...throughput, name: 'elsewhere', server: 'dev' }], 'full');
  expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  expect(svg).toContain('receiving: throughput');
  expect(svg).not.toContain('elsewhere');
});
