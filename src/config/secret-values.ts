/** Names of variables that hold a secret, whoever defined them: a source without code may name its own. */
const secretName = /SECRET|TOKEN|PASSWORD|PASSPHRASE|CREDENTIAL|API_KEY|KEYS?(_DATA)?$|AUTH(ORIZATION)?$/i;
/** Shorter values would be found in innocent words. */
const leastLength = 6;

/** Whether a variable of this name holds a secret. */
export function isSecret(name: string): boolean {
  return secretName.test(name) || name.endsWith('DATABASE_URL');
}

/** The values in the environment that must never be seen: secrets by the name of their variable, and passwords in URLs. */
export function secretValues(env: Readonly<Record<string, string | undefined>>): string[] {
  const found = new Set<string>();
  for (const [name, value = ''] of Object.entries(env)) {
    if (secretName.test(name)) for (const each of [value, ...value.split(/[,\n]/)]) found.add(each.trim());
    for (const password of passwords(value)) found.add(password);
  }
  return [...found].filter((value) => value.length >= leastLength).sort((a, b) => b.length - a.length);
}

function passwords(value: string): string[] {
  if (!value.includes('://') || !URL.canParse(value)) return [];
  const { password, searchParams } = new URL(value);
  // PostgreSQL takes it from either place.
  return [password, decoded(password), ...searchParams.getAll('password')];
}

/** As it is meant; as it is written where that is no URL encoding. */
function decoded(password: string): string {
  try {
    return decodeURIComponent(password);
  } catch {
    return password;
  }
}
