import { describe, expect, it } from 'vitest';
import { plot } from '../../../src/console/plot.ts';
import { parsePage } from '../../support/parse-page.ts';

const drawn = (...[options]: Parameters<typeof plot>) => {
  const document = parsePage(plot(options).toString());
  return {
    document,
    bars: [...document.querySelectorAll('rect[class^="part-"]')].map((bar) => ({
      part: bar.getAttribute('class'),
      y: Number(bar.getAttribute('y')),
      height: Number(bar.getAttribute('height')),
    })),
  };
};

describe('A plot', () => {
  it('stacks the parts of a column, in proportion', () => {
    const { bars } = drawn({
      label: 'what differed',
      parts: ['missing', 'stale'],
      columns: [{ label: 'monday', values: [10, 5] }],
    });
    const [below, above] = bars;
    expect(below).toMatchObject({ part: 'part-0' });
    expect((below?.height ?? 0) / (above?.height ?? 1)).toBeCloseTo(2, 1);
    expect((above?.y ?? 0) + (above?.height ?? 0)).toBeCloseTo(below?.y ?? -1, 0);
  });

  it('says in words what it shows, as a whole and of each column', () => {
    const { document } = drawn({
      label: 'what differed',
      parts: ['missing'],
      columns: [{ label: 'monday', values: [1_234] }],
    });
    expect(document.querySelector('svg')?.getAttribute('aria-label')).toBe('what differed');
    expect(document.querySelector('title')?.textContent).toBe('monday: missing: 1,234');
    expect(document.querySelector('[style]')).toBeNull();
  });

  it('shows something of the smallest value, and nothing of none', () => {
    const { bars } = drawn({
      label: 'x',
      parts: ['a'],
      columns: [1_000_000, 1, 0].map((value, index) => ({ label: String(index), values: [value] })),
    });
    expect(bars.map(({ height }) => height >= 1)).toEqual([true, true]);
  });

  it('is drawn without columns', () => {
    expect(drawn({ label: 'x', parts: ['a'], columns: [] }).bars).toEqual([]);
  });
});
