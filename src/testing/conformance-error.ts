/** An adapter that does not do what Landfall relies on: what was expected, what it did, and what to do about it. */
export class ConformanceError extends Error {
  readonly expected: string;
  readonly actual: string;
  readonly remedy: string;

  constructor(parts: { expected: string; actual: string; remedy: string; cause?: unknown }) {
    super(`\n  expected:   ${parts.expected}\n  but:        ${parts.actual}\n  what to do: ${parts.remedy}`, {
      cause: parts.cause,
    });
    this.name = 'ConformanceError';
    this.expected = parts.expected;
    this.actual = parts.actual;
    this.remedy = parts.remedy;
  }
}
