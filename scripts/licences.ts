import { z } from 'zod';

/** A package that is shipped, and the licence that it says it is under. */
export interface LicensedPackage {
  name: string;
  version: string;
  /** An SPDX expression. */
  licence: string;
}

/** What may be shipped: licences that ask for a notice and nothing else, as they stand in the packages. */
const allowed: readonly string[] = [
  '0BSD',
  'Apache-2.0',
  'Apache-2.0 AND MIT',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  // The table of browsers that webpack brings along.
  'CC-BY-4.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
];

/** Packages that only their LICENSE file says it of. */
const read: Readonly<Record<string, string>> = { unionfs: 'Unlicense' };

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), license: z.string().optional(), dev: z.boolean().optional() }),
  ),
});

/** The packages of a package-lock.json without those that only development needs. @throws ZodError where it is none */
export function listLicences(lock: unknown): LicensedPackage[] {
  return Object.entries(lockSchema.parse(lock).packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, { version = '', license }]) => {
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
      return { name, version, licence: license ?? read[name] ?? 'no licence' };
    });
}

/** Those whose licence is not allowed. */
export function refusedLicences(packages: readonly LicensedPackage[]): LicensedPackage[] {
  return packages.filter(({ licence }) => !allowed.includes(licence));
}
