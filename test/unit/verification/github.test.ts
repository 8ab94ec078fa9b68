import { describe, expect, it } from 'vitest';
import { githubScheme } from '../../../src/verification/github.ts';
import { verificationContract } from '../../contracts/verification.contract.ts';

verificationContract('GitHub', {
  make: (secrets) => githubScheme({ secrets }),
  secrets: ['first secret', 'second secret'],
  signatureHeader: 'x-hub-signature-256',
  timestamp: null,
});

describe('GitHub', () => {
  // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
  const body = Buffer.from('Hello, World!');
  const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
  const scheme = githubScheme({ secrets: ["It's a Secret to Everybody"] });

  it('agrees with the values that GitHub publishes', async () => {
    expect(await scheme.sign(body, { id: '', now: 0 })).toEqual({ 'x-hub-signature-256': signature });
    const headers = { 'x-hub-signature-256': signature };
    expect(await scheme.verify({ body, headers, now: 0 })).toMatchObject({ verified: true });
  });

  it('does not accept the older SHA-1 header alone', async () => {
    const headers = { 'x-hub-signature': 'sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59' };
    expect(await scheme.verify({ body, headers, now: 0 })).toMatchObject({ reason: 'missing_header' });
  });
});
