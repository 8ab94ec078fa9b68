import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { listLicences, refusedLicences } from '../../../scripts/licences.ts';

const root = new URL('../../../', import.meta.url);
const lock: unknown = JSON.parse(await readFile(new URL('package-lock.json', root), 'utf8'));

it('everything that is shipped is under a licence that we may ship', () => {
  expect(refusedLicences(listLicences(lock))).toEqual([]);
  expect(listLicences(lock).length).toBeGreaterThan(100);
});

it('a licence that is not known, or none at all, is refused; what only development needs is not looked at', () => {
  const packages = {
    '': { version: '0.1.0' },
    'node_modules/@a/one': { version: '1.0.0', license: 'AGPL-3.0-only' },
    'node_modules/b/node_modules/two': { version: '2.0.0' },
    'node_modules/three': { version: '3.0.0', license: 'AGPL-3.0-only', dev: true },
    'node_modules/four': { version: '4.0.0', license: 'MIT' },
  };
  expect(refusedLicences(listLicences({ packages }))).toEqual([
    { name: '@a/one', version: '1.0.0', licence: 'AGPL-3.0-only' },
    { name: 'two', version: '2.0.0', licence: 'no licence' },
  ]);
});

const sbom = z.object({
  bomFormat: z.literal('CycloneDX'),
  components: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      purl: z.string().startsWith('pkg:npm/'),
      licenses: z.array(z.unknown()).optional(),
      hashes: z.array(z.object({ alg: z.literal('SHA-512'), content: z.string().length(128) })).min(1),
    }),
  ),
});

it(
  'the bill of materials holds every package that is shipped, and nothing else',
  { timeout: 60_000 },
  async () => {
    const { stdout } = await promisify(execFile)('npm', ['run', '--silent', 'sbom'], {
      cwd: root,
      maxBuffer: 64 * 1_024 * 1_024,
    });
    const { components } = sbom.parse(JSON.parse(stdout));
    const listed = components.map(({ name, version }) => `${name}@${version}`);
    const shipped = listLicences(lock).map(({ name, version }) => `${name}@${version}`);
    expect([...new Set(listed)].sort()).toEqual([...new Set(shipped)].sort());
  },
);
