import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import * as errors from '../../src/errors.ts';
import * as surface from '../../src/index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the public surface', () => {
  it('has all that a vendor is written with, and nothing else', () => {
    const makers = [
      'defineSource',
      'secretList',
      'optionalSecret',
      'httpDestination',
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
