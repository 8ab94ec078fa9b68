import { ConfigurationError } from '../../errors.ts';
import type { Source } from '../../sources/define-source.ts';
import type { ConformanceCheck } from '../check.ts';
import { ConformanceError } from '../conformance-error.ts';
import { judge, mustAccept, mustRefuse } from '../judge.ts';
import type { SignedDelivery, Subject } from '../subject.ts';
import { saysTheSame } from '../same-signature.ts';

const dayMilliseconds = 86_400_000;
const minuteMilliseconds = 60_000;

/** That nothing comes in which the vendor did not sign, and everything that it did. */
export function verificationChecks(subject: Subject): ConformanceCheck[] {
  const { given, first, secrets } = subject;
  const [secret, other] = secrets;
  const signatureHeaders = ({ signedBy }: SignedDelivery) =>
    signedBy.filter((name) => given.unsignedHeaders?.includes(name) !== true);

  return [
    {
      id: 'verification/genuine',
      name: 'verification: accepts each delivery as the vendor signs it',
      async run() {
        for (const delivery of subject.deliveries) {
          await mustAccept(subject.make(), await subject.sign(delivery), 'a delivery that the vendor signed');
        }
      },
    },
    {
      id: 'verification/body',
      name: 'verification: refuses a body in which any byte was changed',
      async run() {
        const source = subject.make();
        const signed = await subject.sign(first);
        for (const index of signed.body.keys()) {
          const body = Buffer.from(signed.body);
          body[index] = (body[index] ?? 0) ^ (1 << (index % 8));
          await mustRefuse(source, { ...signed, body }, `a body whose byte number ${index + 1} was changed`);
        }
        const shorter = signed.body.subarray(0, -1);
        await mustRefuse(source, { ...signed, body: shorter }, 'a body without its last byte');
        const longer = Buffer.concat([signed.body, Buffer.from('\n')]);
        await mustRefuse(source, { ...signed, body: longer }, 'a body with one more line feed');
      },
    },
    {
      id: 'verification/header',
      name: 'verification: refuses a signature in which any byte was changed',
      async run() {
        const source = subject.make();
        const signed = await subject.sign(first);
        for (const name of signatureHeaders(signed)) {
          const value = signed.headers[name] ?? '';
          for (const changed of oneByteChanged(value)) {
            const delivery = { ...signed, headers: { ...signed.headers, [name]: changed } };
            if (!saysTheSame(value, changed)) await mustRefuse(source, delivery, `a changed ${name}`);
          }
        }
      },
    },
    {
      id: 'verification/missing',
      name: 'verification: refuses a delivery without one of its signature headers, or with an empty one',
      async run() {
        const signed = await subject.sign(first);
        for (const name of signed.signedBy) {
          const source = subject.make();
          const others = Object.fromEntries(Object.entries(signed.headers).filter(([each]) => each !== name));
          await mustRefuse(source, { ...signed, headers: others }, `a delivery without ${name}`);
          for (const value of ['', '  ']) {
            const headers = { ...signed.headers, [name]: value };
            await mustRefuse(source, { ...signed, headers }, `a delivery with an empty ${name}`);
          }
        }
      },
    },
    {
      id: 'verification/twice',
      name: 'verification: lets no changed body in by a header that was sent twice',
      async run() {
        const source = subject.make();
        const signed = await subject.sign(first);
        const elsewhere = await subject.sign(first, { body: Buffer.concat([signed.body, Buffer.from(' ')]) });
        const body = Buffer.concat([signed.body, Buffer.from('\n')]);
        for (const name of signed.signedBy) {
          const [own = '', foreign = ''] = [signed.headers[name], elsewhere.headers[name]];
          await judge(source, { ...signed, headers: { ...signed.headers, [name]: `${own}, ${own}` } });
          for (const value of [`${own}, ${foreign}`, `${foreign}, ${own}`]) {
            const headers = { ...signed.headers, [name]: value };
            await mustRefuse(source, { ...signed, body, headers }, `a changed body with ${name} twice`);
          }
        }
      },
    },
    {
      id: 'verification/wrong-secret',
      name: 'verification: refuses what another secret signed',
      async run() {
        const signed = await subject.sign(first, { secret: other });
        await mustRefuse(subject.make(), signed, 'a delivery that another secret signed');
      },
    },
    {
      id: 'verification/rotation',
      name: 'verification: accepts the old and the new secret while one is rotated',
      async run() {
        const source = subject.make({ secrets: [other, secret] });
        for (const [index, by] of [other, secret].entries()) {
          const what = `a delivery that secret number ${index + 1} of 2 signed`;
          const result = await mustAccept(source, await subject.sign(first, { secret: by }), what);
          if (result.secret === index + 1) continue;
          throw new ConformanceError({
            expected: `that it says which secret signed: number ${index + 1}`,
            actual: `it said number ${result.secret}`,
            remedy: 'return the place of the secret in the list, 1 for the newest: findKey does',
          });
        }
      },
    },
    {
      id: 'verification/no-secret',
      name: 'verification: lets nothing in without a secret',
      async run() {
        const signed = await subject.sign(first);
        let source: Source;
        try {
          source = subject.make({ secrets: [] });
        } catch (error) {
          if (error instanceof ConfigurationError) return;
          throw error;
        }
        await mustRefuse(source, signed, 'a delivery where no secret is configured');
      },
    },
    {
      id: 'verification/age',
      name: 'verification: refuses what was signed long ago, where the vendor signs a time',
      async run() {
        if (!(await judgesAge(subject))) return;
        const now = Date.now();
        const source = subject.make();
        const recent = await subject.sign(first, { now: now - minuteMilliseconds });
        await mustAccept(source, { ...recent, now }, 'a delivery that was signed a minute ago');
        const old = { ...(await subject.sign(first, { now: now - dayMilliseconds })), now };
        await mustRefuse(source, old, 'a delivery that was signed a day ago');
        const ahead = await subject.sign(first, { now: now + dayMilliseconds });
        await mustRefuse(source, { ...ahead, now }, 'a delivery that was signed a day ahead');
        const fresh = await subject.sign(first, { now, body: Buffer.concat([old.body, Buffer.from(' ')]) });
        for (const name of signatureHeaders(old)) {
          const [stale = '', new_ = ''] = [old.headers[name], fresh.headers[name]];
          for (const value of [new_, `${stale}, ${new_}`, `${new_}, ${stale}`]) {
            if (value === stale) continue;
            const headers = { ...old.headers, [name]: value };
            await mustRefuse(source, { ...old, headers }, `a delivery of yesterday under a fresh ${name}`);
          }
        }
      },
    },
    {
      id: 'verification/redaction',
      name: 'verification: names its signature headers, and says no secret in a refusal',
      async run() {
        const now = Date.now();
        const { verification } = subject.make();
        const signed = await subject.sign(first, { now });
        const differently = await subject.sign(first, { now, secret: other });
        const signatures = signatureHeaders(signed).filter(
          (name) => signed.headers[name] !== differently.headers[name],
        );
        for (const name of signatures) {
          if (verification.secretHeaders.includes(name)) continue;
          throw new ConformanceError({
            expected: `${name} among the headers that are redacted wherever headers are kept`,
            actual: `secretHeaders is ${JSON.stringify(verification.secretHeaders)}`,
            remedy: 'list it there, in lower case',
          });
        }
        const cut = { ...signed, headers: { ...signed.headers, ...emptied(signatures) } };
        for (const refused of [differently, cut]) {
          const result = await judge(subject.make(), refused);
          if (result.verified) continue;
          const hidden = [...secrets, ...signatures.map((name) => refused.headers[name] ?? '')];
          if (!hidden.some((text) => text.length > 7 && result.detail.includes(text))) continue;
          throw new ConformanceError({
            expected: 'a refusal that anybody may read',
            actual: 'its detail holds a secret or a signature',
            remedy: 'name the header, never what is in it',
          });
        }
      },
    },
  ];
}

const emptied = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, '']));

/** Each byte once with its lowest bit turned, and once in the other case. */
function* oneByteChanged(value: string): Generator<string> {
  for (let index = 0; index < value.length; index += 1) {
    for (const bit of [1, 32]) {
      const code = value.charCodeAt(index) ^ bit;
      if (code > 32 && code < 127) {
        yield value.slice(0, index) + String.fromCharCode(code) + value.slice(index + 1);
      }
    }
  }
}

/** A vendor signs a time where the same body has other headers at another time. */
async function judgesAge(subject: Subject): Promise<boolean> {
  if (subject.given.judgesAge !== undefined) return subject.given.judgesAge;
  const now = Date.now();
  const [today, yesterday] = await Promise.all(
    [now, now - dayMilliseconds].map((at) => subject.sign(subject.first, { now: at })),
  );
  return JSON.stringify(today?.headers) !== JSON.stringify(yesterday?.headers);
}
