const mark = '[redacted]';
/** Shorter lines of a secret tell nothing, and would be found in innocent words. */
const leastLineLength = 8;

/**
 * Takes every one of `secrets` out of a text, wherever it stands, also where it was encoded for a URL or for JSON (or for
 * JSON inside of JSON, as in an answer that an error quotes), and where a printer broke it between its lines.
 *
 * @param secrets - may grow while it is in use
 */
export function createRedactor(secrets: ReadonlySet<string>): (text: string) => string {
  let known = 0;
  let longestFirst: readonly string[] = [];
  return (text) => {
    if (secrets.size !== known) {
      known = secrets.size;
      longestFirst = allForms(secrets);
    }
    let clean = text;
    for (const secret of longestFirst) {
      if (clean.includes(secret)) clean = clean.replaceAll(secret, mark);
    }
    return clean;
  };
}

function allForms(secrets: Iterable<string>): string[] {
  const forms = new Set([...secrets].flatMap((secret) => [secret, ...linesOf(secret)]).flatMap(formsOf));
  return [...forms].filter((form) => form !== '').sort((a, b) => b.length - a.length);
}

function linesOf(secret: string): string[] {
  const lines = secret.split(/\r?\n/).map((line) => line.trim());
  return lines.filter((line) => line.length >= leastLineLength);
}

function formsOf(text: string): string[] {
  const inJson = escapeForJson(text);
  return [text, encodeURIComponent(text), inJson, escapeForJson(inJson)];
}

function escapeForJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
