import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../../../src/temporal/dev-server/run-command.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const output = join(root, 'dist', 'faults');

/** Compiles Landfall as `npm run build` does: its processes start as quickly as in production. The path of its program. */
export async function compileLandfall(): Promise<string> {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const environment = { ...process.env };
  const options = ['-p', join(root, 'tsconfig.build.json'), '--noCheck', '--outDir', output];
  await runCommand(process.execPath, [tsc, ...options], { environment });
  const bundle = join(output, 'scripts', 'build-workflow-bundle.js');
  await runCommand(process.execPath, [bundle], { environment });
  return join(output, 'src', 'cli', 'main.js');
}
