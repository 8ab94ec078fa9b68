/** `rate(metric{matchers}[…])`, over the window that Grafana holds right for the scrape interval. */
export function perSecond(metric: string, matchers = ''): string {
  return `rate(${metric}${matchers === '' ? '' : `{${matchers}}`}[$__rate_interval])`;
}

/** The quantile of a histogram, over all or by some of its labels. */
export function quantile(
  share: number,
  histogram: string,
  matchers = '',
  by: readonly string[] = [],
): string {
  return `histogram_quantile(${share}, sum by (${[...by, 'le'].join(', ')}) (${perSecond(`${histogram}_bucket`, matchers)}))`;
}

/** A part of the whole, from 0 to 1; nothing where there is no whole. */
export function share(part: string, whole: string): string {
  return `${part} / (${whole} > 0)`;
}
