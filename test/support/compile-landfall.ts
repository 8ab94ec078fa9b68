import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../../src/temporal/dev-server/run-command.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Compiles Landfall as `npm run build` does, with the workflow bundle: its processes start as quickly as in production, and are what
 * stands in the source now. Types are not checked; `npm run typecheck` does that.
 *
 * @param project - a tsconfig, by its path from the root
 * @param folder - below `dist`
 */
export async function compileLandfall(project: string, folder: string): Promise<void> {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const run = (...args: string[]) => runCommand(process.execPath, args, { environment: { ...process.env } });
  await run(tsc, '-p', join(root, project), '--noCheck', '--outDir', join(root, 'dist', folder));
  await run(compiledFile(folder, 'scripts/build-workflow-bundle.ts'));
}

/** What a source file, given by its path from the root, was compiled to. */
export function compiledFile(folder: string, file: string): string {
  return join(root, 'dist', folder, dirname(file), `${basename(file, '.ts')}.js`);
}
