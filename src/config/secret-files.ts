import { ConfigurationError } from '../errors.ts';
import type { SecretEnv } from '../sources/secret-settings.ts';
import { openSecretFile } from './secret-file.ts';
import { isSecret } from './secret-values.ts';

const suffix = '_FILE';

/**
 * The environment, and beside it each secret whose file `<NAME>_FILE` names: a function, which reads it as it is then. A file
 * is opened when its secret is asked for, since not every such variable is ours.
 *
 * @param onText - told of each text that was in a file, so that it can be redacted
 * @returns variables that throw a ConfigurationError when they are read where the file cannot be, or both are set
 */
export function withSecretFiles(
  env: Readonly<Record<string, string | undefined>>,
  onText: (text: string) => void,
): SecretEnv {
  const all: Record<string, string | (() => string) | undefined> = { ...env };
  for (const [variable, path] of Object.entries(env)) {
    const name = variable.slice(0, -suffix.length);
    if (!variable.endsWith(suffix) || path === undefined || !isSecret(name)) continue;
    const isSet = env[name] !== undefined;
    let file: (() => string) | undefined;
    Object.defineProperty(all, name, {
      enumerable: true,
      get() {
        if (isSet) throw new ConfigurationError(`${name} and ${variable} are both set: set one of them.`);
        try {
          return (file ??= openSecretFile(path, onText));
        } catch (error) {
          if (!(error instanceof ConfigurationError)) throw error;
          throw new ConfigurationError(`${variable}: ${path} ${error.message}.`, { cause: error });
        }
      },
    });
  }
  return all;
}
