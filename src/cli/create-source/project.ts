import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { Runner } from './test-text.ts';

const packageSchema = z.object({
  name: z.string().optional(),
  dependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
});

/** The project that an adapter is written into. */
export interface Project {
  /** Whether it is a clone of Landfall itself. */
  isLandfall: boolean;
  runner: Runner;
  hasTypescript: boolean;
  hasZod: boolean;
}

/** What the nearest package.json above the folder says. */
export function findProject(folder: string): Project {
  const { name, dependencies, devDependencies } = readPackage(resolve(folder));
  const has = (dependency: string) => dependency in dependencies || dependency in devDependencies;
  return {
    isLandfall: name === 'landfall',
    runner: has('vitest') ? 'vitest' : has('jest') ? 'jest' : 'node',
    hasTypescript: has('typescript') || has('tsx'),
    hasZod: has('zod'),
  };
}

function readPackage(folder: string): z.infer<typeof packageSchema> {
  const file = join(folder, 'package.json');
  if (existsSync(file)) {
    try {
      return packageSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    } catch {
      // As good as none: nothing depends on it but what is suggested.
      return packageSchema.parse({});
    }
  }
  const above = dirname(folder);
  return above === folder ? packageSchema.parse({}) : readPackage(above);
}

const prettierSchema = z.object({
  format: z.custom<(text: string, options: object) => Promise<string>>(
    (value) => typeof value === 'function',
  ),
  resolveConfig: z.custom<(file: string, options: object) => Promise<object | null>>(
    (value) => typeof value === 'function',
  ),
});

/** The text as the project's own Prettier would print it; as it is where there is none. */
export async function formatAsProject(file: string, text: string): Promise<string> {
  let path: string;
  try {
    path = createRequire(resolve(file)).resolve('prettier');
  } catch {
    return text;
  }
  const found: unknown = await import(pathToFileURL(path).href).catch(() => null);
  const module = z.object({ default: prettierSchema }).safeParse(found);
  if (!module.success) return text;
  const { format, resolveConfig } = module.data.default;
  const config = await resolveConfig(resolve(file), { editorconfig: true });
  return format(text, { ...config, filepath: file });
}
