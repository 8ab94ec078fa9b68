import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleName, bundleWorkflows } from '../src/temporal/worker.ts';

// A worker loads the one that it needs where it finds it, instead of bundling at every start.
for (const options of [{ encodesFailures: false }, { encodesFailures: true }]) {
  const path = fileURLToPath(new URL(`../${bundleName(options)}`, import.meta.url));
  const { code } = await bundleWorkflows(options);
  await writeFile(path, code);
  console.log(`${path}: ${Math.round(code.length / 1024)} KiB`);
}
