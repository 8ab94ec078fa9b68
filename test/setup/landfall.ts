import type { TestProject } from 'vitest/node';
import { compiledFile, compileLandfall } from '../support/compile-landfall.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the compiled program: a command starts in a third of the time that it takes from source. */
    landfall: string;
  }
}

const folder = 'test';
/** Each project loads this file for itself: what they share is where all of them see it. */
const run: { compiling?: Promise<void> } = ((globalThis as { landfallRun?: object }).landfallRun ??= {});

/** Compiles Landfall for the run, once for all of its projects. */
export async function setup(project: TestProject): Promise<void> {
  await (run.compiling ??= compileLandfall('tsconfig.build.json', folder));
  project.provide('landfall', compiledFile(folder, 'src/cli/main.ts'));
}
