import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflows } from '../src/temporal/worker.ts';

// The worker loads this file where it finds it, instead of bundling at every start.
const path = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));
const { code } = await bundleWorkflows();
await writeFile(path, code);
console.log(`${path}: ${Math.round(code.length / 1024)} KiB`);
