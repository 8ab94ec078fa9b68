import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../../src/temporal/dev-server/run-command.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const output = join(root, 'dist', 'bench');

/**
 * Compiles Landfall and the benchmark's own processes as `npm run build` does, side by side: all that is measured runs as it would
 * in production, and is what stands in the source now. Types are not checked; `npm run typecheck` does that.
 */
export async function compile(): Promise<void> {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const environment = { ...process.env };
  await runCommand(process.execPath, [tsc, '-p', join(root, 'bench', 'tsconfig.build.json'), '--noCheck'], {
    environment,
  });
  await runCommand(process.execPath, [compiled('scripts/build-workflow-bundle.ts')], { environment });
}

/** The compiled file of a source file, given by its path from the root. */
export function compiled(file: string): string {
  return join(output, dirname(file), file.slice(dirname(file).length + 1).replace(/\.ts$/, '.js'));
}
