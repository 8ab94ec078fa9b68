import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDeliveryFile } from '../../../src/capture/delivery-file.ts';
import { bodyOf, readRecording, type RecordedDelivery } from '../../../src/capture/recorded-delivery.ts';

const delivery = (parts: Partial<RecordedDelivery> = {}): RecordedDelivery => ({
  at: '2026-11-01T12:00:00.000Z',
  source: 'acme',
  path: '/webhooks/acme?a=b',
  headers: { 'x-acme-signature': '[redacted]' },
  bodyEncoding: 'utf8',
  body: '{"id":"evt_1","text":"two\\nlines"}',
  verified: true,
  ...parts,
});

describe('a file of recorded deliveries', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'landfall-recording-'));
    path = join(folder, 'deliveries.jsonl');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('reads as it was written, in whole lines though many are written at once', async () => {
    const file = await openDeliveryFile(path);
    const many = Array.from({ length: 50 }, (_, index) => delivery({ body: `${index}`.repeat(10_000) }));
    await Promise.all(many.map((each) => file.append(each)));
    await file.close();
    const again = await openDeliveryFile(path);
    await again.append(delivery());
    await again.close();
    expect(readRecording(await readFile(path, 'utf8'))).toEqual({
      deliveries: [...many, delivery()],
      broken: [],
    });
  });

  test('is for its owner alone, also where it was there before', async () => {
    await writeFile(path, '');
    await chmod(path, 0o644);
    await (await openDeliveryFile(path)).close();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('loses the line alone that a crash broke off', async () => {
    const whole = JSON.stringify(delivery());
    await writeFile(path, `${whole}\n${whole.slice(0, 50)}`);
    const file = await openDeliveryFile(path);
    await file.append(delivery({ source: 'shop' }));
    await file.close();
    expect(readRecording(await readFile(path, 'utf8'))).toEqual({
      deliveries: [delivery(), delivery({ source: 'shop' })],
      broken: [2],
    });
  });

  test('is told from the body of a delivery, and from a file with other things in it', () => {
    expect(readRecording('{"id":"evt_1"}')).toBeNull();
    expect(readRecording('{\n  "id": "evt_1"\n}')).toBeNull();
    expect(readRecording('')).toBeNull();
    expect(() => readRecording(`${JSON.stringify(delivery())}\n{"id":"evt_1"}`)).toThrow(
      'Line 2 is no delivery',
    );
  });

  test('says where it cannot be written', async () => {
    await expect(openDeliveryFile(join(folder, 'nowhere', 'file'))).rejects.toThrow('cannot be written to');
  });

  test('holds a body of any bytes', () => {
    const bytes = Buffer.from([0xff, 0x00, 0x7b]);
    expect(bodyOf(delivery({ bodyEncoding: 'base64', body: bytes.toString('base64') }))).toEqual(bytes);
    expect(bodyOf(delivery())?.toString()).toBe(delivery().body);
    expect(bodyOf(delivery({ bodyEncoding: 'left-out', body: '' }))).toBeNull();
  });
});
