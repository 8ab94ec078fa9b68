import { isSecret } from '../../config/secret-values.ts';
import { ConfigurationError, LandfallError, VendorAnswerError, VendorRefusedError } from '../../errors.ts';
import { withoutAccount } from '../../model/ids.ts';
import type { Source, SourceDefinition } from '../../sources/define-source.ts';
import { type Finding, failure, ok, warning } from './finding.ts';

const patienceMilliseconds = 10_000;

/** Whether each source can do what it is for, and its signing secret is one. */
export async function checkSources(sources: readonly Source[]): Promise<Finding[]> {
  if (sources.length === 0) {
    const mend =
      'set the webhook secret of one, such as STRIPE_WEBHOOK_SECRET; "landfall sources" lists them';
    return [warning('sources', 'no source is on', mend)];
  }
  const found = await Promise.all(
    sources.map(async (source) => [checkAbility(source), await checkSecret(source)]),
  );
  return found.flat();
}

function checkAbility({ name, listChanged }: Source): Finding {
  const check = `source ${name}`;
  if (listChanged !== undefined) return ok(check, `source ${name}`);
  return warning(
    check,
    `source ${name}: cannot list its changes, so a delivery that never arrives is never found`,
    'give it its API key, or list changes in its adapter: docs/adding-a-source.md',
  );
}

/** Signs a delivery as the vendor would, and verifies it: a form, because some schemes sign what is in it. */
async function checkSecret({ name, verification }: Source): Promise<Finding> {
  const check = `source ${name}`;
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const delivery = {
    body: Buffer.from('by=doctor'),
    headers: form,
    now: Date.now(),
    url: `/webhooks/${name}`,
  };
  const unsigned = await verification.verify(delivery);
  if (!unsigned.verified && unsigned.reason === 'no_secret_configured') {
    const mend = 'a worker needs none; a receiver does: set its secret there';
    return warning(check, `source ${name}: its signing secret is not set here`, mend);
  }
  try {
    const signature = await verification.sign(delivery.body, { ...delivery, id: 'doctor' });
    const signed = await verification.verify({ ...delivery, headers: { ...form, ...signature } });
    if (signed.verified) return ok(check, `source ${name}: its signing secret signs and verifies`);
    const mend = 'a defect of the scheme: please report it';
    return failure(check, `source ${name}: refuses its own signature, ${signed.detail}`, mend);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return ok(check, `source ${name}: its deliveries can be verified; only the vendor can sign them`);
  }
}

/** Asks each vendor one thing with the credentials that are set. */
export function checkCredentials(
  sources: readonly Source[],
  definitions: readonly SourceDefinition[],
): Promise<Finding[]> {
  const able = sources.filter(({ fetchRecord }) => fetchRecord !== undefined);
  return Promise.all(able.map((source) => checkCredential(source, definitions)));
}

async function checkCredential(source: Source, definitions: readonly SourceDefinition[]): Promise<Finding> {
  const { name } = source;
  const check = `credentials ${name}`;
  const signal = AbortSignal.timeout(patienceMilliseconds);
  try {
    const asked = await askVendor(source, signal);
    if (asked) return ok(check, `credentials of ${name}: its API takes them`);
    return ok(
      check,
      `credentials of ${name}: not tried, for there is neither a list to ask for nor a sample`,
    );
  } catch (error) {
    if (signal.aborted) {
      const mend = 'see whether its API can be reached from here, and the status page of the vendor';
      return warning(check, `credentials of ${name}: its API did not answer within ten seconds`, mend);
    }
    if (!(error instanceof LandfallError)) throw error;
    const text = `credentials of ${name}: ${error.message}`;
    if (error instanceof VendorRefusedError) return failure(check, text, renewal(name, definitions));
    if (error instanceof VendorAnswerError) {
      return failure(check, text, 'see whether the address of its API, and the version, are right');
    }
    return warning(check, text, 'see the status page of the vendor; an outage is waited for');
  }
}

/** Whether there was anything that could be asked. */
async function askVendor(
  { listChanged, fetchRecord, ...source }: Source,
  signal: AbortSignal,
): Promise<boolean> {
  if (listChanged !== undefined) {
    await listChanged({ since: new Date().toISOString(), cursor: null }, { signal });
    return true;
  }
  const sample = source.sample?.();
  if (sample === undefined || fetchRecord === undefined) return false;
  const { entity } = source.readEvent({ body: sample.body, headers: sample.headers ?? {} });
  if (entity === null) return false;
  await fetchRecord(entity, { signal });
  return true;
}

/** Which variables hold what the vendor has refused. */
function renewal(name: string, definitions: readonly SourceDefinition[]): string {
  const { settings = {} } = definitions.find((each) => each.name === withoutAccount(name)) ?? {};
  const variables = Object.keys(settings).filter(
    (variable) => isSecret(variable) && !/WEBHOOK/.test(variable),
  );
  const what = variables.length === 0 ? 'its API key or token' : variables.join(', ');
  return `renew ${what}, or give it the rights that it lacks, and restart the workers`;
}
