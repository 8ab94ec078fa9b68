import { ConformanceError } from './conformance-error.ts';

/** What comes of it. @throws ConformanceError where nothing does in time */
export async function within<Result>(
  work: Promise<Result>,
  what: string,
  patienceMilliseconds = 25_000,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new ConformanceError({
          expected: `that ${what} comes to an end`,
          actual: `it had not after ${patienceMilliseconds / 1_000} s`,
          remedy: 'hand the signal of the call on to each request, and retry nothing: Temporal does',
        }),
      );
    }, patienceMilliseconds);
  });
  try {
    return await Promise.race([work, timeUp]);
  } finally {
    clearTimeout(timer);
  }
}
