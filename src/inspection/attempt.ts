import { LandfallError } from '../errors.ts';

/** Why a part did not answer. */
export type Failure = Pick<LandfallError, 'code' | 'message'>;

/** What a part answered, or why it did not: a page shows what there is. */
export type Attempt<Answer> = { answer: Answer } | { failure: Failure };

/** Asks a part that may be away. Throws what is no failure of the part's. */
export async function attempt<Answer>(ask: Promise<Answer>): Promise<Attempt<Answer>> {
  try {
    return { answer: await ask };
  } catch (error) {
    if (!(error instanceof LandfallError)) throw error;
    const { code, message } = error;
    return { failure: { code, message } };
  }
}

/** The answer, or `otherwise` where there was none. */
export function answerOr<Answer, Otherwise>(
  attempted: Attempt<Answer>,
  otherwise: Otherwise,
): Answer | Otherwise {
  return 'answer' in attempted ? attempted.answer : otherwise;
}

/** Why there was no answer; null where there was one. */
export function failureOf(attempted: Attempt<unknown>): Failure | null {
  return 'failure' in attempted ? attempted.failure : null;
}
