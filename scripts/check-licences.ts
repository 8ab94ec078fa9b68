import { readFile } from 'node:fs/promises';
import { listLicences, refusedLicences } from './licences.ts';

// What is shipped, by licence; fails where one is not among those that we ship with.
const lock: unknown = JSON.parse(await readFile(new URL('../package-lock.json', import.meta.url), 'utf8'));
const packages = listLicences(lock);
for (const wanted of [...new Set(packages.map(({ licence }) => licence))].sort()) {
  const those = packages.filter(({ licence }) => licence === wanted);
  console.log(`${wanted}: ${those.map(({ name, version }) => `${name}@${version}`).join(', ')}`);
}
const refused = refusedLicences(packages);
for (const { name, version, licence } of refused) {
  console.error(`${name}@${version} is under ${licence}, which scripts/licences.ts does not allow.`);
}
process.exitCode = refused.length === 0 ? 0 : 1;
