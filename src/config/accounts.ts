import { ConfigurationError } from '../errors.ts';
import { accountPattern, accountRule } from '../model/ids.ts';
import { splitList } from '../model/split-list.ts';
import { inVariable, ofAccount, type SecretEnv } from '../sources/secret-settings.ts';
import { isSecret } from './secret-values.ts';

/** The variable with the signing secrets: a source whose secret is set is on, unless LANDFALL_SOURCES says otherwise. */
export function secretVariable(source: string): string {
  return `${inVariable(source)}_WEBHOOK_SECRET`;
}

/** The variable that lists a source's accounts, separated by commas. */
export function accountsVariable(source: string): string {
  return `${inVariable(source)}_ACCOUNTS`;
}

/**
 * The accounts of a source; `null` stands for the one without a name. It is there where no others are, and beside them while its own
 * secret is set, so that an endpoint of before there were accounts goes on.
 *
 * @throws ConfigurationError where a name does not fit into a path, a workflow id and a variable
 */
export function readAccounts(source: string, env: SecretEnv): readonly (string | null)[] {
  const variable = accountsVariable(source);
  const text = env[variable];
  if (typeof text !== 'string') return [null];
  const names = splitList(text);
  const wrong = names.find((name) => !accountPattern.test(name));
  if (wrong !== undefined) {
    throw new ConfigurationError(`${variable}: "${wrong}" must be ${accountRule}.`);
  }
  return [...(secretVariable(source) in env ? [null] : []), ...new Set(names)];
}

/**
 * Which variable is read for one: of an account, a secret is its own (`STRIPE_API_KEY_EU`), anything else may be common to all
 * (`STRIPE_API_URL`).
 */
export function variablesOf(env: SecretEnv, account: string | null): (variable: string) => string {
  return (variable) => {
    if (account === null) return variable;
    const own = ofAccount(variable, account);
    return isSecret(variable) || own in env ? own : variable;
  };
}
