import { expect, it } from 'vitest';
import { readAudit } from '../../../scripts/audit.ts';

const found = (severity: string) =>
  JSON.stringify({
    auditReportVersion: 2,
    vulnerabilities: { qs: { name: 'qs', severity, range: '<6.14.1' } },
  });

it('an audit without vulnerabilities, or with mild ones, is clean', () => {
  expect(readAudit('{"auditReportVersion":2,"vulnerabilities":{}}')).toEqual({ kind: 'clean' });
  expect(readAudit(found('moderate'))).toEqual({ kind: 'clean' });
});

it.each(['high', 'critical'])('one with a vulnerability of severity %s names its package', (severity) => {
  expect(readAudit(found(severity))).toEqual({ kind: 'found', packages: [`qs <6.14.1 (${severity})`] });
});

it.each([
  // As npm prints it where the registry has no such endpoint, and where there is no network.
  [
    '{"message":"405 Method Not Allowed - POST https://registry.example/-/npm/v1/security/advisories/bulk","error":{}}',
    '405',
  ],
  ['{"error":{"code":"ENOTFOUND","summary":"getaddrinfo ENOTFOUND registry.example"}}', 'no report'],
  ['', 'nothing that can be read'],
])('where the registry cannot be asked, it did not run: %s', (output, why) => {
  expect(readAudit(output)).toEqual({ kind: 'not-run', why: expect.stringContaining(why) });
});
