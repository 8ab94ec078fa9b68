import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

// The bill of materials of what is shipped, as npm writes it: CycloneDX, to standard output. npm is shown a package without its
// development dependencies: with them, `--omit dev` leaves out also what both need (npm 11).
const manifest = z.looseObject({});
const lockFile = z.looseObject({
  packages: z.record(z.string(), z.looseObject({ dev: z.boolean().optional() })),
});
const read = async (file: string): Promise<unknown> =>
  JSON.parse(await readFile(new URL(`../${file}`, import.meta.url), 'utf8'));

const shipped = { ...manifest.parse(await read('package.json')), devDependencies: undefined };
const lock = lockFile.parse(await read('package-lock.json'));
const packages = Object.entries(lock.packages)
  .filter(([, { dev }]) => dev !== true)
  .map(([path, each]) => [path, { ...each, devDependencies: undefined }] as const);

const directory = await mkdtemp(join(tmpdir(), 'sbom-'));
try {
  // npm calls the whole by its folder.
  const folder = join(directory, 'landfall');
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), JSON.stringify(shipped));
  const ofShipped = { ...lock, packages: Object.fromEntries(packages) };
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify(ofShipped));
  const asked = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'];
  execFileSync('npm', asked, { cwd: folder, stdio: 'inherit' });
} finally {
  await rm(directory, { recursive: true });
}
