import { readFile } from 'node:fs/promises';
import { Ajv } from 'ajv';
import { beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { settings } from '../../src/config/schema.ts';
import { serverSettings } from '../../src/temporal/server-settings.ts';
import { dynamicConfig } from '../support/full-temporal-config.ts';

const serviceSchema = z.looseObject({
  build: z.string().optional(),
  image: z.string(),
  command: z.array(z.string()).optional(),
  profiles: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  expose: z.array(z.string()).default([]),
  restart: z.string(),
  healthcheck: z.looseObject({ test: z.array(z.string()) }).optional(),
  read_only: z.boolean().optional(),
  tmpfs: z.array(z.string()).optional(),
  cap_drop: z.array(z.string()).optional(),
  cap_add: z.array(z.string()).optional(),
  privileged: z.boolean().optional(),
  user: z.string().optional(),
  volumes: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  stop_grace_period: z.string().optional(),
  configs: z.array(z.object({ source: z.string(), target: z.string() })).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
});
const composeSchema = z.looseObject({
  services: z.record(z.string(), serviceSchema),
  configs: z.record(z.string(), z.object({ content: z.string() })),
});

const monitoring = ['prometheus', 'alertmanager', 'grafana'];
let text: string;
let compose: z.infer<typeof composeSchema>;

beforeAll(async () => {
  text = await read('docker-compose.yml');
  compose = composeSchema.parse(parseYaml(text));
});

test('docker-compose.yml is valid by the published schema of the Compose Specification', async () => {
  const validate = await composeValidator();
  expect(validate(parseYaml(text)), JSON.stringify(validate.errors)).toBe(true);
});

test('the schema refuses a misspelt key, so that passing it means something', async () => {
  const validate = await composeValidator();
  expect(validate(parseYaml(text.replace('    healthcheck:', '    healtcheck:')))).toBe(false);
});

test('every service that stays up is checked for health, and is started again when it ends', () => {
  const lasting = Object.entries(compose.services).filter(([, { restart }]) => restart === 'unless-stopped');
  expect(lasting.map(([name]) => name).sort()).toEqual(
    ['postgresql', 'receiver', 'temporal', 'temporal-ui', 'worker', ...monitoring].sort(),
  );
  for (const [name, { healthcheck }] of lasting) expect(healthcheck?.test[0], name).toBe('CMD');
});

test('Prometheus, Alertmanager and Grafana run with the profile `monitoring` alone, and nobody else needs them', () => {
  const profiles = Object.entries(compose.services).filter(([, { profiles }]) => profiles.length > 0);
  expect(profiles.map(([name, { profiles }]) => [name, profiles])).toEqual(
    monitoring.map((name) => [name, ['monitoring']]),
  );
  for (const [name, { depends_on }] of Object.entries(compose.services)) {
    if (monitoring.includes(name)) continue;
    expect(Object.keys(depends_on).filter((needed) => monitoring.includes(needed))).toEqual([]);
  }
});

test('the other services are jobs that somebody waits for', () => {
  const jobs = Object.entries(compose.services).filter(([, { restart }]) => restart !== 'unless-stopped');
  const awaited = Object.values(compose.services).flatMap(({ depends_on }) =>
    Object.entries(depends_on)
      .filter(([, { condition }]) => condition === 'service_completed_successfully')
      .map(([name]) => name),
  );
  expect(jobs.map(([name]) => name).sort()).toEqual([...new Set(awaited)].sort());
});

test('receiver and worker are two services of one image', () => {
  const { receiver, worker } = servicesOfOurs();
  expect(receiver.image).toBe(worker.image);
  expect([receiver.build, worker.build]).toEqual(['.', '.']);
  expect(receiver.command).toEqual(['node', 'dist/src/cli/main.js', 'receiver']);
  expect(worker.command).toEqual(['node', 'dist/src/cli/main.js', 'worker']);
});

test('receiver and worker get the same database and Temporal, and no setting that Landfall does not know', () => {
  const { receiver, worker } = servicesOfOurs();
  const known = [...Object.keys(settings), 'TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE'];
  for (const { environment } of [receiver, worker]) {
    expect(environment['DATABASE_URL']).toMatch(/^postgresql:\/\/landfall:.*@postgresql:5432\/landfall$/);
    expect(environment['TEMPORAL_ADDRESS']).toBe('temporal:7233');
    expect(Object.keys(environment).filter((name) => !known.includes(name))).toEqual([]);
  }
});

test('the health of receiver and worker is asked at the ops port that they are told to open', () => {
  for (const { environment, healthcheck } of Object.values(servicesOfOurs())) {
    const asked = healthcheck?.test.join(' ');
    expect(asked).toContain(`http://127.0.0.1:${environment['LANDFALL_OPS_PORT'] ?? '?'}/readyz`);
  }
});

test('a stop waits longer than the work under way may take', () => {
  const graceMilliseconds = settings.LANDFALL_SHUTDOWN_GRACE.schema.parse(undefined);
  for (const { stop_grace_period } of Object.values(servicesOfOurs())) {
    expect(Number.parseInt(stop_grace_period ?? '', 10) * 1_000).toBeGreaterThan(graceMilliseconds);
  }
});

test('receiver and worker have no root, no capabilities, and a file system that they cannot write to', async () => {
  for (const service of Object.values(servicesOfOurs())) {
    expect(service).toMatchObject({
      ...{ read_only: true, tmpfs: ['/tmp'], cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] },
    });
    const { cap_add, privileged, user, volumes } = service;
    expect([cap_add, privileged, user, volumes]).toEqual([undefined, undefined, undefined, undefined]);
  }
  const dockerfile = await read('Dockerfile');
  const [last = ''] = dockerfile.split(/^FROM /m).slice(-1);
  const users = [...last.matchAll(/^USER (.+)$/gm)].map(([, user]) => user);
  expect(users).toEqual([expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/)]);
  // Nothing is installed or copied in as another user afterwards.
  expect(last.slice(last.indexOf('USER '))).not.toMatch(/^(RUN|COPY|ADD) /m);
});

test('a stop waits for balancers as well', () => {
  const drain = settings.LANDFALL_DRAIN.schema.parse(undefined) ?? 0;
  const grace = settings.LANDFALL_SHUTDOWN_GRACE.schema.parse(undefined);
  const { stop_grace_period } = servicesOfOurs().receiver;
  expect(Number.parseInt(stop_grace_period ?? '', 10) * 1_000).toBeGreaterThan(drain + grace);
});

test('webhooks are all that can be reached from another machine, and that only where it is asked for', () => {
  const published = Object.entries(compose.services).flatMap(([name, { ports }]) =>
    ports.map((port) => `${name} ${port}`),
  );
  const beyond = published.filter((port) => !port.includes(' 127.0.0.1:'));
  expect(beyond).toEqual(['receiver ${WEBHOOK_BIND:-127.0.0.1}:${WEBHOOK_PORT:-3000}:3000']);
});

test('every image is pinned to a release', () => {
  for (const { image, build } of Object.values(compose.services)) {
    if (build === undefined) expect(image).toMatch(/:v?\d+\.\d+/);
  }
});

test('closed runs are kept for 30 days', () => {
  expect(compose.services['temporal-namespace']?.environment['RETENTION']).toBe('720h');
});

test('Temporal is configured as Landfall wants it, from the file that it is told to read', () => {
  const { temporal } = compose.services;
  const [mounted] = temporal?.configs ?? [];
  expect(mounted?.target).toBe(temporal?.environment['DYNAMIC_CONFIG_FILE_PATH']);
  const { content } = compose.configs[mounted?.source ?? ''] ?? {};
  expect(parseYaml(content ?? '')).toEqual(parseYaml(dynamicConfig(serverSettings)));
});

test('every variable has a default or is in .env.example, and .env.example has no other uncommented one', async () => {
  const example = await read('.env.example');
  const listed = [...example.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);
  const used = [...text.matchAll(/(?<!\$)\$\{([A-Z_]+)(:[-?])?/g)].map(([, name]) => name);
  expect(used.length).toBeGreaterThan(0);
  expect(listed.sort()).toEqual([...new Set(used)].sort());
});

test('the password of the database has no default', () => {
  for (const [whole] of text.matchAll(/\$\{POSTGRES_PASSWORD[^}]*\}/g)) {
    expect(whole).toContain(':?');
  }
});

test('no variable for the machine is called LANDFALL_: those would reach the settings of the containers', async () => {
  const example = await read('.env.example');
  const landfall = [...example.matchAll(/^#?(LANDFALL_[A-Z_]+)=/gm)].map(([, name]) => name);
  expect(landfall.filter((name) => name === undefined || !Object.keys(settings).includes(name))).toEqual([]);
});

function servicesOfOurs() {
  const { receiver, worker } = compose.services;
  if (receiver === undefined || worker === undefined) throw new Error('receiver and worker must be services');
  return { receiver, worker };
}

async function composeValidator() {
  // Its $schema is written with https, which Ajv does not take for draft-07. Its formats are Compose's own.
  const { $schema, ...schema } = z
    .looseObject({ $schema: z.string() })
    .parse(JSON.parse(await read('test/fixtures/compose-spec.json')));
  expect($schema).toContain('draft-07');
  return new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
}

function parseYaml(source: string): unknown {
  const parsed: unknown = parse(source, { merge: true });
  return parsed;
}

function read(path: string): Promise<string> {
  return readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
}
