import { execFile } from 'node:child_process';
import { access, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import * as errors from '../../src/errors.ts';
import * as surface from '../../src/index.ts';
import * as testing from '../../src/testing/index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the public surface', () => {
  it('has all that a vendor is written with, and nothing else', () => {
    const makers = [
      'createVendorApi',
      'defineSource',
      'readPointer',
      'optionalUrl',
      'secretList',
      'optionalSecret',
      'databaseDestination',
      'httpDestination',
      'on',
      'githubScheme',
      'hmacScheme',
      'paddleScheme',
      'paypalCertificates',
      'paypalScheme',
      'sendgridScheme',
      'shopifyScheme',
      'slackScheme',
      'standardWebhooksScheme',
      'stripeScheme',
      'twilioScheme',
      'pathSegment',
      'throwIfCancelled',
      'vendorErrorFromStatus',
      'vendorUnreachable',
    ];
    expect(Object.keys(surface).sort()).toEqual([...makers, ...Object.keys(errors)].sort());
  });

  it('has a kit to test adapters with, under an entry of its own', async () => {
    const kit = ['conformanceChecks', 'ConformanceError', 'openSource', 'readSample', 'withValues'];
    expect(Object.keys(testing).sort()).toEqual(kit.sort());
    const { exports } = JSON.parse(await readFile(`${root}/package.json`, 'utf8'));
    expect(Object.keys(exports)).toEqual(['.', './testing']);
    for (const entry of Object.values<Record<string, string>>(exports)) {
      const { 'landfall-source': source = '', default: built = '' } = entry;
      await expect(access(`${root}/${source}`)).resolves.toBeUndefined();
      expect(built).toBe(source.replace('./src', './dist/src').replace(/\.ts$/, '.js'));
    }
  });

  it('has an example that runs as it stands', async () => {
    const text = await readFile(`${root}/src/index.ts`, 'utf8');
    const example = /```js\n(?<code>.*?)```/s.exec(text)?.groups?.['code'] ?? '';
    const code = example.replaceAll(/^ \* ?/gm, '').replace("'landfall'", "'./src/index.ts'");
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', code],
      { cwd: root },
    );
    expect(stdout).toBe("{ verified: true, secret: 1 }\n{ type: 'invoice', id: 'inv_1' }\n");
  });
});
