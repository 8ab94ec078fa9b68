import { ConfigurationError } from '../errors.ts';

/** The signing secrets of a source, the newest first; a function where they can change while the process runs. */
export type Secrets = readonly string[] | (() => readonly string[]);

/**
 * The secrets as a scheme's keys, read anew when the list has changed. A changed list with a malformed secret in it is not
 * taken: the last good one stays, and `landfall doctor` says what is wrong.
 *
 * @throws ConfigurationError at once where a secret is malformed
 */
export function readKeys<Key>(
  secrets: Secrets,
  readKey: (secret: string, index: number) => Key,
): () => readonly Key[] {
  const current = typeof secrets === 'function' ? secrets : () => secrets;
  let texts = current();
  let keys = texts.map(readKey);
  return () => {
    const now = current();
    if (now !== texts) {
      texts = now;
      try {
        keys = now.map(readKey);
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error;
      }
    }
    return keys;
  };
}

/** For schemes that take a secret as it is. */
export const asTheyAre = (secrets: Secrets): (() => readonly string[]) =>
  readKeys(secrets, (secret) => secret);

/**
 * Which of the keys made the signature, 1 for the first; null where none did. Every key is tried, even after a match, so that
 * the time taken tells nobody which of them is in use.
 */
export async function findKey<Key>(
  keys: readonly Key[],
  matches: (key: Key) => boolean | Promise<boolean>,
): Promise<number | null> {
  const results = await Promise.all(keys.map(async (key) => matches(key)));
  const index = results.indexOf(true);
  return index === -1 ? null : index + 1;
}

/**
 * The key to sign with: the first, which is the newest.
 * @throws ConfigurationError without one
 */
export function signingKey<Key>(keys: readonly Key[], scheme: string): Key {
  const [first] = keys;
  if (first === undefined) {
    throw new ConfigurationError(`The scheme "${scheme}" cannot sign: set a signing secret for this source.`);
  }
  return first;
}
