import { linearRegression, mean, sum } from 'simple-statistics';

/** A straight line through samples, by least squares. */
export interface Trend {
  /** Per unit of x. */
  slope: number;
  /** Half the width of its 95 % confidence interval, taking the samples as independent. */
  confidence: number;
}

/**
 * The slope of samples `[x, y]` and how sure it is.
 *
 * @throws RangeError for fewer than three samples: two always lie on a line
 * @see https://en.wikipedia.org/wiki/Simple_linear_regression#Normality_assumption
 */
export function trendOf(samples: readonly (readonly [number, number])[]): Trend {
  if (samples.length < 3) throw new RangeError('a trend needs three samples');
  const { m, b } = linearRegression(samples.map(([x, y]) => [x, y]));
  const middle = mean(samples.map(([x]) => x));
  const residual = sum(samples.map(([x, y]) => (y - (m * x + b)) ** 2));
  const width = sum(samples.map(([x]) => (x - middle) ** 2));
  return { slope: m, confidence: 1.96 * Math.sqrt(residual / (samples.length - 2) / width) };
}
