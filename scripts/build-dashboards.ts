import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { dashboards, print } from './dashboards/dashboards.ts';

/** Writes the dashboards that Grafana is provisioned with: `npm run dashboards`. A test holds the files to what is made here. */
for (const dashboard of dashboards) {
  const path = fileURLToPath(new URL(`../deploy/grafana/dashboards/${dashboard.uid}.json`, import.meta.url));
  await writeFile(path, print(dashboard));
  console.log(path);
}
