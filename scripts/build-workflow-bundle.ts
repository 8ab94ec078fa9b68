import { writeFile } from 'node:fs/promises';
import { bundlePath, bundleWorkflows } from '../src/temporal/worker.ts';

// The worker loads one of these files where it finds it, instead of bundling at every start.
for (const traced of [false, true]) {
  const path = bundlePath({ traced });
  const { code } = await bundleWorkflows({ traced });
  await writeFile(path, code);
  console.log(`${path}: ${Math.round(code.length / 1024)} KiB`);
}
