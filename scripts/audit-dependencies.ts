import { execFile } from 'node:child_process';
import { readAudit } from './audit.ts';

// Asks the registry for known vulnerabilities of what is shipped. Where it cannot be asked, that is said, and no failure: a build
// must not depend on it.
const asked = ['audit', '--omit=dev', '--json', '--fetch-retries=1', '--fetch-timeout=20000'];
const output = await new Promise<string>((resolve) => {
  // npm ends with 1 both where it finds something and where it cannot ask: the report tells them apart.
  execFile('npm', asked, { timeout: 120_000, maxBuffer: 64 * 1_024 * 1_024 }, (_error, stdout) =>
    resolve(stdout),
  );
});
const audit = readAudit(output);
switch (audit.kind) {
  case 'clean':
    console.log('Dependency audit: no known vulnerability of high or critical severity.');
    break;
  case 'found':
    console.error(`Dependency audit: known vulnerabilities.\n- ${audit.packages.join('\n- ')}`);
    process.exitCode = 1;
    break;
  case 'not-run':
    console.warn(`DEPENDENCY AUDIT DID NOT RUN: ${audit.why}. Nothing is known of the dependencies.`);
}
