import { ConfigurationError } from '../errors.ts';

/**
 * True where one of the secrets made the signature. Every secret is tried, even after a match, so that the time taken
 * tells nobody which of them is in use.
 */
export async function anySecret<Secret>(
  secrets: readonly Secret[],
  matches: (secret: Secret) => boolean | Promise<boolean>,
): Promise<boolean> {
  const results = await Promise.all(secrets.map(async (secret) => matches(secret)));
  return results.includes(true);
}

/**
 * The secret to sign with: the first, which is the newest.
 * @throws ConfigurationError without a secret
 */
export function signingSecret<Secret>(secrets: readonly Secret[], scheme: string): Secret {
  const [first] = secrets;
  if (first === undefined) {
    throw new ConfigurationError(`The scheme "${scheme}" cannot sign: set a signing secret for this source.`);
  }
  return first;
}
