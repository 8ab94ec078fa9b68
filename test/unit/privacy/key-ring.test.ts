import { randomBytes } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { loadPayloadKeys } from '../../../src/config/payload-keys.ts';
import { createRedactor } from '../../../src/monitoring/redactor.ts';
import { createKeyRing } from '../../../src/privacy/key-ring.ts';
import { eventually } from '../../support/receiver.ts';
import { payloadKey } from '../../support/payload-keys.ts';

const [first, second] = [payloadKey('2026-11'), payloadKey('2026-05')];
const quiet = () => undefined;

describe('The keys of payloads', () => {
  it('encrypt by the first and decrypt by all', () => {
    const ring = createKeyRing(`${first},${second}`, quiet);
    expect(ring.current()?.id).toBe('2026-11');
    expect(ring.find('2026-05')?.key).toEqual(Buffer.from(second.slice('2026-05:'.length), 'base64'));
    expect(ring.find('2025-11')).toBeNull();
  });

  it('stand one a line as well', () => {
    expect(createKeyRing(`${first}\n${second}\n`, quiet).find('2026-05')).not.toBeNull();
  });

  it.each([
    ['no name', randomBytes(32).toString('base64')],
    ['a key that is too short', `a:${randomBytes(16).toString('base64')}`],
    ['what is no base64', `a:${'!'.repeat(44)}`],
    ['one name twice', `${first},${first}`],
    ['nothing', ' , '],
  ])('are refused with %s, without the key in the message', (_what, text) => {
    let message = '';
    try {
      createKeyRing(text, quiet);
    } catch (error) {
      message = String(error);
    }
    expect(message).toMatch(/openssl rand|each needs one of its own/);
    for (const part of text.split(/[:,]/)) if (part.length > 20) expect(message).not.toContain(part);
  });

  it('are settings that every mode takes, and no log shows', () => {
    const config = loadConfig({ LANDFALL_PAYLOAD_KEYS: first }, { mode: 'command', definitions: [] });
    expect(config.payloadKeys.current()?.id).toBe('2026-11');
    const redact = createRedactor(config.secrets);
    expect(redact(`a ${first} b`)).not.toContain(first.slice('2026-11:'.length));
    expect(redact(`only ${first.slice('2026-11:'.length)}`)).toBe('only [redacted]');
    expect(() => loadConfig({ LANDFALL_PAYLOAD_KEYS: 'x' }, { mode: 'command', definitions: [] })).toThrow(
      /LANDFALL_PAYLOAD_KEYS: key 1/,
    );
  });
});

describe('Keys in a file', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'landfall-keys-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('are read anew when it has changed, and kept while it is malformed', async () => {
    const file = join(folder, 'keys');
    const replace = async (text: string) => {
      await writeFile(`${file}.new`, text);
      await rename(`${file}.new`, file);
    };
    await replace(first);
    const ring = loadPayloadKeys({ LANDFALL_PAYLOAD_KEYS_FILE: file });
    expect(ring.current()?.id).toBe('2026-11');
    await replace(`${second}\n${first}`);
    await eventually(() => ring.current()?.id).toBe('2026-05');
    expect(ring.find('2026-11')).not.toBeNull();
    await replace('half a key');
    const until = performance.now() + 1_500;
    // A file is looked at once a second.
    await eventually(() => [ring.current()?.id, performance.now() > until]).toEqual(['2026-05', true]);
    const third = payloadKey('2027-01');
    await replace(third);
    await eventually(() => ring.current()?.id).toBe('2027-01');
  });

  it('are no unknown setting', async () => {
    const file = join(folder, 'more');
    await writeFile(file, first);
    const config = loadConfig({ LANDFALL_PAYLOAD_KEYS_FILE: file }, { mode: 'command', definitions: [] });
    expect(config.payloadKeys.current()?.id).toBe('2026-11');
    expect(() => loadConfig({ LANDFALL_PORT_FILE: file }, { mode: 'command', definitions: [] })).toThrow(
      /LANDFALL_PORT_FILE: is no setting/,
    );
  });
});
