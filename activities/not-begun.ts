import { StoreUnavailableError } from '../src/errors.ts';

/**
 * Our own store was away before a destination or a handler was asked: nothing has been handed on, and nobody is to blame. (A
 * StoreUnavailableError of `deliver` says that it was, and only its mark is missing.)
 */
export class NotBegunError extends StoreUnavailableError {}

/** Reads what a hand-on needs of our store. */
export async function beforeHandOn<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error;
    throw new NotBegunError(error.message, { cause: error });
  }
}
