/** Names of variables that hold a secret, whoever defined them: a source without code may name its own. */
const secretName = /SECRET|TOKEN|PASSWORD|PASSPHRASE|CREDENTIAL|API_KEY|KEYS?(_DATA)?$|AUTH(ORIZATION)?$/i;
/** Whoever knows the address that alerts are posted to can post there. */
const secretAddress = /^LANDFALL_ALERT_\w+_URL$/;
/** Shorter values would be found in innocent words. */
const leastLength = 6;
/** Of a secret address: shorter parts of its path are words. */
const leastPathLength = 16;

/** Whether a variable of this name holds a secret. */
export function isSecret(name: string): boolean {
  return secretName.test(name) || secretAddress.test(name) || name.endsWith('DATABASE_URL');
}

/** The values in the environment that must never be seen: secrets by the name of their variable, and passwords in URLs. */
export function secretValues(env: Readonly<Record<string, string | undefined>>): string[] {
  const found = new Set<string>();
  for (const [name, value = ''] of Object.entries(env)) {
    if (secretName.test(name)) for (const each of [value, ...value.split(/[,\n]/)]) found.add(each.trim());
    for (const password of passwords(value)) found.add(password);
    if (secretAddress.test(name)) for (const part of addressParts(value)) found.add(part);
    if (headerPairs.test(name)) for (const each of headerValues(value)) found.add(each);
  }
  return [...found].filter((value) => value.length >= leastLength).sort((a, b) => b.length - a.length);
}

/** The address, and the path that makes it secret: an answer may show that alone. */
function addressParts(value: string): string[] {
  if (!URL.canParse(value)) return [value];
  const { pathname, search } = new URL(value);
  const parts = [pathname, `${pathname}${search}`, ...pathname.split('/')];
  return [value, ...parts.filter((part) => part.length >= leastPathLength)];
}

function passwords(value: string): string[] {
  if (!value.includes('://') || !URL.canParse(value)) return [];
  const { password, searchParams } = new URL(value);
  // PostgreSQL takes it from either place.
  return [password, decoded(password), ...searchParams.getAll('password')];
}

/** Of OpenTelemetry's exporters: `name=value` pairs, nearly always with a key in them. */
const headerPairs = /^OTEL_EXPORTER_OTLP_(TRACES_)?HEADERS$/;

/** As they are written, and as they are sent; of `Bearer <key>`, the key. */
function headerValues(pairs: string): string[] {
  return pairs.split(',').flatMap((pair) => {
    const written = pair.slice(pair.indexOf('=') + 1).trim();
    const sent = decoded(written);
    return [written, sent, sent.slice(sent.lastIndexOf(' ') + 1)];
  });
}

/** As it is meant; as it is written where that is no URL encoding. */
function decoded(password: string): string {
  try {
    return decodeURIComponent(password);
  } catch {
    return password;
  }
}
