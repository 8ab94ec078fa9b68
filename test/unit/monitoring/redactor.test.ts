import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/monitoring/logger.ts';
import { createRedactor } from '../../../src/monitoring/redactor.ts';

const privateKey = ['-----BEGIN PRIVATE KEY-----', 'MIIhidden-first-line', 'hidden-last-line', ''].join('\n');
const quoted = 'pass"word\\1';

describe('A secret', () => {
  it('of several lines is not shown by any of them, however a printer breaks or indents it', () => {
    const redact = createRedactor(new Set([privateKey]));
    for (const text of [
      privateKey,
      JSON.stringify({ key: privateKey }),
      privateKey.replaceAll('\n', '\n    '),
    ]) {
      expect(redact(text)).not.toContain('hidden');
    }
  });

  it.each(['json', 'pretty'] as const)('of several lines never reaches a log in %s', (format) => {
    const lines: string[] = [];
    const logger = createLogger({
      level: 'info',
      format,
      redact: createRedactor(new Set([privateKey])),
      destination: { write: (line: string) => void lines.push(line) },
    });
    logger.error({ err: new Error(`cannot read ${privateKey}`), key: privateKey }, 'it broke');
    expect(lines.join('')).toContain('it broke');
    expect(lines.join('')).not.toContain('hidden');
  });

  it('is found in JSON that stands inside of JSON, as in an answer that an error quotes', () => {
    const quote = JSON.stringify({ message: `the vendor answered ${JSON.stringify({ sent: quoted })}` });
    const clean = createRedactor(new Set([quoted]))(quote);
    expect(clean).toContain('[redacted]');
    expect(clean).not.toContain('word');
  });
});
