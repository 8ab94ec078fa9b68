import { compiledFile, compileLandfall } from '../../test/support/compile-landfall.ts';

const folder = 'bench';

/** Compiles Landfall and the benchmark's own processes side by side: all that is measured runs as it would in production. */
export const compile = (): Promise<void> => compileLandfall('bench/tsconfig.build.json', folder);

/** The compiled file of a source file, given by its path from the root. */
export const compiled = (file: string): string => compiledFile(folder, file);
