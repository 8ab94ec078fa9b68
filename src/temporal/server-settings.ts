/**
 * Dynamic configuration that Landfall wants of a Temporal server, by its value as JSON: what the dev server is started with, and
 * docker-compose.yml's server has. Without fairness the tasks of a backlog are handed out in the order of their arrival.
 *
 * @see https://docs.temporal.io/references/dynamic-configuration
 */
export const serverSettings: Readonly<Record<string, string>> = { 'matching.enableFairness': 'true' };
