import type { TestProject } from 'vitest/node';
import { compiledFile, compileLandfall } from '../support/compile-landfall.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the compiled program: a command starts in a third of the time that it takes from source. */
    landfall: string;
  }
}

/** Compiles Landfall for a project of tests. */
export async function setup(project: TestProject): Promise<void> {
  const folder = `test-${project.name}`;
  await compileLandfall('tsconfig.build.json', folder);
  project.provide('landfall', compiledFile(folder, 'src/cli/main.ts'));
}
