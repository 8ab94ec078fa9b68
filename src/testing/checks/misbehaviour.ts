import {
  type LandfallError,
  VendorAnswerError,
  VendorDeniedError,
  VendorRateLimitedError,
  VendorUnavailableError,
} from '../../errors.ts';
import type { Source } from '../../sources/define-source.ts';
import { type ConformanceCheck, describeThrown, describeValue } from '../check.ts';
import { ConformanceError } from '../conformance-error.ts';
import { saysCredential } from '../says-credential.ts';
import type { VendorUnderTest } from '../source-under-test.ts';
import type { Subject } from '../subject.ts';
import { errorReply, type Override, startVendor, type VendorStandIn } from '../vendor-stand-in.ts';
import { within } from '../within.ts';
import { firstEntity } from './fetching.ts';

/** A call of the adapter's to the vendor's API. */
export interface VendorCall {
  /** The beginning of the checks' ids: `fetch`. */
  prefix: string;
  /** `fetchRecord`. */
  what: string;
  make(source: Source, signal: AbortSignal): Promise<unknown>;
}

type ErrorClass = new (...args: never[]) => LandfallError;

/** That each way in which an API fails is an error of its class, so that what another try can mend gets one, and nothing else. */
export function misbehaviourChecks(
  subject: Subject,
  vendor: VendorUnderTest,
  call: VendorCall,
): ConformanceCheck[] {
  const never = new AbortController().signal;
  /** What the call throws when the vendor answers so. */
  async function thrownBy(
    override: Override,
    signal = never,
  ): Promise<{ thrown: unknown; standIn: VendorStandIn }> {
    const first = await firstEntity(subject);
    await using standIn = await startVendor(vendor, { first, records: 1, override });
    const source = subject.make({ apiUrl: standIn.url });
    const outcome = await within(
      call.make(source, signal).then(
        (result) => ({ result }),
        (thrown: unknown) => ({ thrown }),
      ),
      call.what,
    );
    if (!('thrown' in outcome)) {
      throw new ConformanceError({
        expected: `that ${call.what} throws where the vendor answers ${describeValue(override)}`,
        actual: `it returned ${describeValue(outcome.result)}`,
        remedy: 'look at the status of the answer, and check its body with a schema',
      });
    }
    mustHideCredentials(outcome.thrown, standIn);
    return { thrown: outcome.thrown, standIn };
  }
  async function expectClass(override: Override, expected: ErrorClass, what: string): Promise<unknown> {
    const { thrown } = await thrownBy(override);
    mustBe(thrown, expected, what);
    return thrown;
  }
  const check = (id: string, name: string, run: () => Promise<void>): ConformanceCheck => ({
    id: `${call.prefix}/${id}`,
    name: `${call.prefix === 'fetch' ? 'fetching' : 'listing'}: ${name}`,
    run,
  });

  return [
    check('refused', '401 and 403 are a VendorDeniedError', async () => {
      for (const status of [401, 403]) {
        await expectClass(errorReply(vendor, status), VendorDeniedError, `the answer ${status}`);
      }
    }),
    check('unavailable', '500, 502 and 503 are a VendorUnavailableError', async () => {
      for (const status of [500, 503]) {
        await expectClass(errorReply(vendor, status), VendorUnavailableError, `the answer ${status}`);
      }
      const ofProxy = { status: 502, headers: { 'content-type': 'text/html' }, text: '<h1>Bad Gateway</h1>' };
      await expectClass(ofProxy, VendorUnavailableError, 'the answer 502 of a proxy, in HTML');
    }),
    check('rate-limited', '429 is a VendorRateLimitedError that says how long to wait', async () => {
      const limited = (retryAfter?: string) =>
        errorReply(vendor, 429, retryAfter === undefined ? {} : { 'retry-after': retryAfter });
      const waitOf = async (retryAfter?: string) => {
        const thrown = await expectClass(limited(retryAfter), VendorRateLimitedError, 'the answer 429');
        return thrown instanceof VendorRateLimitedError ? thrown.retryAfterMilliseconds : null;
      };
      mustWait(await waitOf('7'), 7_000, 7_000, 'Retry-After: 7');
      const date = new Date(Date.now() + 60_000).toUTCString();
      mustWait(await waitOf(date), 30_000, 60_000, 'Retry-After as a date, a minute ahead');
      await waitOf();
    }),
    check('reset', 'a broken connection is a VendorUnavailableError', async () => {
      await expectClass('reset', VendorUnavailableError, 'a connection that broke');
    }),
    check('no-answer', 'no answer in time is a VendorUnavailableError', async () => {
      const { thrown } = await thrownInTheMiddle(new DOMException('The time is up.', 'TimeoutError'));
      mustBe(thrown, VendorUnavailableError, 'a call whose time was up');
    }),
    check('cancelled', 'a call that is cancelled ends its request, and throws the reason', async () => {
      const reason = new Error('The activity was cancelled.');
      const { thrown } = await thrownInTheMiddle(reason);
      if (thrown === reason) return;
      throw new ConformanceError({
        expected: 'the reason of the cancellation, as it is',
        actual: `${call.what} threw ${describeThrown(thrown)}`,
        remedy: 'call throwIfCancelled(signal) before the failure is taken for one of the vendor',
      });
    }),
    check('not-json', 'an answer that is not JSON is a VendorAnswerError', async () => {
      await expectClass({ text: '{"half":' }, VendorAnswerError, 'an answer that is half of a JSON');
    }),
    check('other-shape', 'an answer in another form than documented is a VendorAnswerError', async () => {
      const json = { hello: 'world' };
      await expectClass({ json }, VendorAnswerError, 'an answer that is no record and no list');
    }),
  ];

  /** What the call throws when its signal aborts while the vendor thinks; the connection has to end with it. */
  async function thrownInTheMiddle(reason: unknown): Promise<{ thrown: unknown }> {
    const first = await firstEntity(subject);
    await using standIn = await startVendor(vendor, { first, records: 1, override: 'hang' });
    const controller = new AbortController();
    const asked = standIn.nextRequest();
    const outcome = call.make(subject.make({ apiUrl: standIn.url }), controller.signal).then(
      (result) => ({ result }),
      (thrown: unknown) => ({ thrown }),
    );
    const request = await within(
      Promise.race([asked, outcome.then(() => null)]),
      `the request of ${call.what}`,
    );
    controller.abort(reason);
    const ended = await within(outcome, `${call.what}, once its signal had aborted,`);
    if (request !== null)
      await within(request.closed, `the request of ${call.what}, once its signal had aborted,`);
    if ('thrown' in ended) return ended;
    throw new ConformanceError({
      expected: `that ${call.what} throws when its signal aborts`,
      actual: `it returned ${describeValue(ended.result)}`,
      remedy: 'hand the signal of the call on to each request',
    });
  }
}

function mustBe(thrown: unknown, expected: ErrorClass, what: string): void {
  if (thrown instanceof expected) return;
  throw new ConformanceError({
    expected: `${expected.name} for ${what}`,
    actual: describeThrown(thrown),
    remedy:
      'read the API with createVendorApi, or class errors with vendorErrorFromStatus and vendorUnreachable',
    cause: thrown,
  });
}

function mustWait(wait: number | null, least: number, most: number, header: string): void {
  if (wait !== null && wait >= least && wait <= most) return;
  throw new ConformanceError({
    expected: `retryAfterMilliseconds of ${most} for "${header}"`,
    actual: `it is ${String(wait)}`,
    remedy: 'give the header to vendorErrorFromStatus, which reads seconds and dates',
  });
}

function mustHideCredentials(thrown: unknown, { requests }: VendorStandIn): void {
  const said = requests.map(({ headers }) => saysCredential(thrown, headers)).find((name) => name !== null);
  if (said === undefined) return;
  throw new ConformanceError({
    expected: 'an error that anybody may read',
    actual: `it holds what was sent to the vendor in the header ${said}`,
    remedy: 'leave the request and its headers out of messages and causes',
  });
}
