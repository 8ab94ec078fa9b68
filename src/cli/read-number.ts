import { InvalidArgumentError } from 'commander';

/**
 * A reader for an option that is a number.
 *
 * @param bounds.whole - whether it must be an integer. @default false
 * @example .option('--port <port>', 'of its API', readNumber({ min: 0, max: 65_535, whole: true }), 3010)
 */
export function readNumber(bounds: { min: number; max: number; whole?: boolean }): (text: string) => number {
  const { min, max, whole = false } = bounds;
  return (text) => {
    // An empty text would otherwise count as 0.
    const number = text.trim() === '' ? Number.NaN : Number(text);
    if (number >= min && number <= max && (!whole || Number.isInteger(number))) return number;
    throw new InvalidArgumentError(`Give a ${whole ? 'whole ' : ''}number from ${min} to ${max}.`);
  };
}
