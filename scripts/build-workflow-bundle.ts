import { writeFile } from 'node:fs/promises';
import { bundlePath, bundleWorkflows } from '../src/temporal/worker.ts';

// A worker loads the one that it needs where it finds it, instead of bundling at every start.
for (const traced of [false, true]) {
  for (const encodesFailures of [false, true]) {
    const path = bundlePath({ traced, encodesFailures });
    const { code } = await bundleWorkflows({ traced, encodesFailures });
    await writeFile(path, code);
    console.log(`${path}: ${Math.round(code.length / 1024)} KiB`);
  }
}
