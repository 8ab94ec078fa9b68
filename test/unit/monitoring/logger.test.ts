import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../src/monitoring/logger.ts';
import { createRedactor } from '../../../src/monitoring/redactor.ts';

const plain = 'whsec_the-secret';
const odd = 'p@ss "word"/ä+\\1';
const redact = createRedactor(new Set([plain, odd, '']));

function logged(format: 'json' | 'pretty', write: (logger: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  write(createLogger({ level: 'debug', format, redact, destination }));
  return lines.join('');
}

describe('The redactor', () => {
  it('takes a secret out wherever it stands, as often as it stands there', () => {
    expect(redact(`a ${plain}, b=${plain}.`)).toBe('a [redacted], b=[redacted].');
  });

  it.each([encodeURIComponent(odd), JSON.stringify(odd), odd])('finds it as it was encoded: %s', (form) => {
    expect(redact(`?key=${form}&x=1`)).toMatch(/^\?key="?\[redacted\]"?&x=1$/);
  });

  it('leaves other text as it is, also without any secret', () => {
    expect(redact('nothing in here')).toBe('nothing in here');
    expect(createRedactor(new Set([]))('nothing in here')).toBe('nothing in here');
  });

  it('takes the longer secret out where one is part of another', () => {
    expect(createRedactor(new Set(['abcdef', 'abcdef-more']))('x abcdef-more y')).toBe('x [redacted] y');
  });
});

describe.each(['json', 'pretty'] as const)('A log line as %s', (format) => {
  it('shows no secret in a message, a field, an error, its causes or a header', () => {
    const output = logged(format, (logger) => {
      logger.info(`connecting with ${plain}`);
      logger.warn(
        { url: `https://x/?k=${encodeURIComponent(odd)}`, nested: { list: [odd, plain] } },
        'fields',
      );
      const cause = new Error(`refused: ${plain}`, { cause: new Error(odd) });
      logger.error({ err: new Error(`failed with ${odd}`, { cause }) }, 'an error');
      logger.child({ token: plain }).error(new Error(plain));
      logger.info({ headers: { authorization: 'Bearer abc-unknown', cookie: 'id=abc-unknown' } }, 'request');
      logger.info(
        { request: { headers: { authorization: 'abc-unknown', cookie: 'abc-unknown' } } },
        'nested',
      );
    });
    expect(output.match(/connecting|fields|an error|request/g)?.length).toBeGreaterThanOrEqual(4);
    expect(output).toContain('[redacted]');
    for (const hidden of [
      plain,
      odd,
      JSON.stringify(odd).slice(1, -1),
      encodeURIComponent(odd),
      'abc-unknown',
    ]) {
      expect(output).not.toContain(hidden);
    }
  });

  it('says what happened, when, how grave it is, and why', () => {
    const output = logged(format, (logger) => {
      logger.debug('nobody');
      logger.error({ err: new Error('outer', { cause: new Error('inner') }), source: 'shop' }, 'it broke');
    });
    for (const part of ['it broke', 'outer', 'inner', 'shop', 'debug']) {
      expect(output.toLowerCase()).toContain(part);
    }
    if (format === 'json') {
      expect(JSON.parse(output.trim().split('\n')[1] ?? '')).toMatchObject({
        level: 'error',
        msg: 'it broke',
        source: 'shop',
        time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      });
    }
  });
});

it('A level that is not wanted is not written', () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  createLogger({ level: 'warn', format: 'json', redact, destination }).info('not wanted');
  expect(lines).toEqual([]);
});
