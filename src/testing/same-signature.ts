/** What can be a digest in hexadecimal digits or base64. */
const digests = /([A-Za-z0-9+/_-]{16,}={0,2})/;

/**
 * Whether two headers provably say the same signature: equal but for the case of hexadecimal digits, or for the bits of base64 that
 * stand for nothing.
 */
export function saysTheSame(a: string, b: string): boolean {
  const [ofA, ofB] = [a.split(digests), b.split(digests)];
  return ofA.length === ofB.length && ofA.every((part, index) => isSame(part, ofB[index] ?? ''));
}

function isSame(a: string, b: string): boolean {
  if (a === b) return true;
  if (a.length !== b.length || a.length < 16) return false;
  if (isHex(a) && isHex(b)) return a.toLowerCase() === b.toLowerCase();
  const [ofA, ofB] = [a, b].map((text) => Buffer.from(text, 'base64'));
  // The last sign alone can hold bits that stand for nothing; elsewhere other bytes come out.
  return ofA !== undefined && ofB?.equals(ofA) === true && a.slice(0, -3) === b.slice(0, -3);
}

const isHex = (text: string): boolean => /^[0-9a-f]+$/i.test(text);
