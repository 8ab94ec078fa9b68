import { setTimeout as wait } from 'node:timers/promises';
import { isConflict, toStoreError } from './store-error.ts';

const attempts = 5;

/** Runs a transaction, again where it lost against another one, and makes its errors those of the store. */
export async function retryConflicts<T>(transact: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await transact();
    } catch (error) {
      if (attempt === attempts || !isConflict(error)) throw toStoreError(error);
      await wait(Math.random() * 20 * attempt);
    }
  }
}
