const mark = '[redacted]';

/** Takes every one of `secrets` out of a text, wherever it stands, also where it was encoded for a URL or for JSON. */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const forms = new Set(
    secrets.flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]),
  );
  const longestFirst = [...forms].filter((form) => form !== '').sort((a, b) => b.length - a.length);
  return (text) => {
    let clean = text;
    for (const secret of longestFirst) {
      if (clean.includes(secret)) clean = clean.replaceAll(secret, mark);
    }
    return clean;
  };
}
