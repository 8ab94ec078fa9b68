import { LandfallError } from '../errors.ts';

/** What a part answered, or why it did not: a page shows what there is. */
export type Attempt<Answer> = { answer: Answer } | { failure: LandfallError };

/** Asks a part that may be away. Throws what is no failure of the part's. */
export async function attempt<Answer>(ask: Promise<Answer>): Promise<Attempt<Answer>> {
  try {
    return { answer: await ask };
  } catch (error) {
    if (error instanceof LandfallError) return { failure: error };
    throw error;
  }
}

/** The answer, or `otherwise` where there was none. */
export function answerOr<Answer, Otherwise>(
  attempted: Attempt<Answer>,
  otherwise: Otherwise,
): Answer | Otherwise {
  return 'answer' in attempted ? attempted.answer : otherwise;
}
