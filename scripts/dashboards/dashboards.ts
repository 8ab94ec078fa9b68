import { buildDashboard, type DashboardSpec } from './build-dashboard.ts';
import { events } from './events.ts';
import { processes } from './processes.ts';

/** Every dashboard; its file is named by its uid. */
export const dashboards: readonly DashboardSpec[] = [events, processes];

/** A dashboard as its file has it. */
export function print(dashboard: DashboardSpec): string {
  return `${JSON.stringify(buildDashboard(dashboard), null, 2)}\n`;
}
