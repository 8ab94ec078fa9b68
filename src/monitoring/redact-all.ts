/**
 * The same value with every text in it redacted.
 *
 * @param redact - takes secrets out of one text
 */
export function redactAll<Value>(value: Value, redact: (text: string) => string): Value {
  return walk(value) as Value;

  function walk(each: unknown): unknown {
    if (typeof each === 'string') return redact(each);
    if (Array.isArray(each)) return each.map(walk);
    if (typeof each !== 'object' || each === null || each instanceof Date) return each;
    return Object.fromEntries(Object.entries(each).map(([name, one]) => [redact(name), walk(one)]));
  }
}
