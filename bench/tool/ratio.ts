import { cpus } from 'node:os';
import { max, median, min } from 'simple-statistics';
import { z } from 'zod';

/** What a ratio should come to: a bound below or above. */
export const goalSchema = z.union([
  z.strictObject({ atLeast: z.number() }),
  z.strictObject({ atMost: z.number() }),
]);
export type Goal = z.infer<typeof goalSchema>;

export const serverSchema = z.enum(['dev', 'full']);

/** When something was measured, and on which processor: suites are measured again one by one, perhaps on another machine. */
const measuredSchema = z.strictObject({ measuredAt: z.iso.datetime(), processor: z.string() });
const measured = (): z.infer<typeof measuredSchema> => ({
  measuredAt: new Date().toISOString(),
  processor: cpus()[0]?.model ?? 'unknown',
});

/** Two things measured side by side, in one run and on one Temporal server. */
export const ratioSchema = z.strictObject({
  ...measuredSchema.shape,
  suite: z.string(),
  name: z.string(),
  server: serverSchema,
  /** The median over the repetitions of ours divided by theirs. */
  value: z.number(),
  /** The smallest and the largest of the repetitions. */
  spread: z.strictObject({ minimum: z.number(), maximum: z.number() }),
  repetitions: z.int().min(1),
  /** null: recorded, without a goal. */
  goal: goalSchema.nullable(),
  met: z.boolean().nullable(),
  /** The medians of the two figures, in `unit`. */
  ours: z.number(),
  theirs: z.number(),
  unit: z.string(),
  /** What stands under the fraction bar. */
  against: z.string(),
  /** What has to be known to read it. */
  note: z.string().nullable(),
});
export type Ratio = z.infer<typeof ratioSchema>;

/** A figure that stands for itself. */
export const figureSchema = z.strictObject({
  ...measuredSchema.shape,
  suite: z.string(),
  name: z.string(),
  server: serverSchema,
  value: z.number(),
  unit: z.string(),
  /** As for a ratio: some figures have a bound of their own. */
  goal: goalSchema.nullable(),
  met: z.boolean().nullable(),
  note: z.string().nullable(),
});
export type Figure = z.infer<typeof figureSchema>;

/** One repetition: both sides, one right after the other. */
export interface Pair {
  ours: number;
  theirs: number;
}

/** The ratio of pairs that were measured in turn. @throws RangeError without a pair */
export function ratioOf(
  pairs: readonly Pair[],
  about: Pick<Ratio, 'suite' | 'name' | 'server' | 'unit' | 'against' | 'goal'> & { note?: string },
): Ratio {
  if (pairs.length === 0) throw new RangeError(`${about.name} was not measured`);
  const values = pairs.map(({ ours, theirs }) => ours / theirs);
  const value = median(values);
  return {
    ...about,
    value,
    spread: { minimum: min(values), maximum: max(values) },
    repetitions: pairs.length,
    met: isMet(value, about.goal),
    ours: median(pairs.map(({ ours }) => ours)),
    theirs: median(pairs.map(({ theirs }) => theirs)),
    note: about.note ?? null,
    ...measured(),
  };
}

/** A figure, judged by its goal. */
export function figureOf(
  value: number,
  about: Pick<Figure, 'suite' | 'name' | 'server' | 'unit'> & { goal?: Goal; note?: string },
): Figure {
  const goal = about.goal ?? null;
  return {
    ...about,
    value,
    goal,
    met: isMet(value, goal),
    note: about.note ?? null,
    ...measured(),
  };
}

/** Whether a value keeps to its bound; null without one. */
export function isMet(value: number, goal: Goal | null): boolean | null {
  if (goal === null) return null;
  return 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost;
}
