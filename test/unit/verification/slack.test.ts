import { expect, it } from 'vitest';
import { slackScheme } from '../../../src/verification/slack.ts';
import { verificationContract } from '../../contracts/verification.contract.ts';

verificationContract('Slack', {
  make: (secrets) => slackScheme({ secrets }),
  secrets: ['first secret', 'second secret'],
  signatureHeader: 'x-slack-signature',
  timestamp: {
    header: 'x-slack-request-timestamp',
    forge: (headers, seconds) => ({ ...headers, 'x-slack-request-timestamp': String(seconds) }),
  },
});

// The worked example of https://docs.slack.dev/authentication/verifying-requests-from-slack
it('agrees with the example that Slack publishes', async () => {
  const body = Buffer.from(
    'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
  );
  const headers = {
    'x-slack-request-timestamp': '1531420618',
    'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  };
  const scheme = slackScheme({ secrets: ['8f742231b10e8888abcd99yyyzzz85a5'] });
  expect(await scheme.verify({ body, headers, now: 1_531_420_618_000 })).toMatchObject({ verified: true });
  expect(await scheme.sign(body, { id: '', now: 1_531_420_618_000 })).toEqual(headers);
});
