import { ConfigurationError } from '../errors.ts';
import { createKeyRing, type KeyRing, noKeys } from '../privacy/key-ring.ts';
import type { SecretEnv } from '../sources/secret-settings.ts';
import { withSecretFiles } from './secret-files.ts';

const variable = 'LANDFALL_PAYLOAD_KEYS';

/**
 * The keys that an environment names, or a file that may change.
 *
 * @param onKey - told of the text of each key, so that it can be redacted
 * @throws ConfigurationError where they are malformed
 */
export function readPayloadKeys(env: SecretEnv, onKey: (text: string) => void): KeyRing {
  const text = env[variable];
  if (text === undefined) return noKeys;
  try {
    return createKeyRing(text, onKey);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new ConfigurationError(`${variable}: ${error.message}`, { cause: error });
  }
}

/** As `readPayloadKeys`, for a command that reads no other settings and logs nothing. */
export function loadPayloadKeys(env: Readonly<Record<string, string | undefined>>): KeyRing {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim()));
  return readPayloadKeys(
    withSecretFiles(set, () => undefined),
    () => undefined,
  );
}
