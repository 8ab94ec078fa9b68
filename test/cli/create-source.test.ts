import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';

const execute = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Somebody's project, with Landfall installed in it as it is built. */
describe('a project with Landfall as a package', { timeout: 240_000 }, () => {
  let project: string;
  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), 'landfall-project-'));
    const modules = join(project, 'node_modules');
    await mkdir(join(modules, 'landfall'), { recursive: true });
    await writeFile(join(project, 'package.json'), '{ "name": "theirs", "type": "module" }');
    await copyFile(join(root, 'package.json'), join(modules, 'landfall/package.json'));
    await symlink(resolve(dirname(inject('landfall')), '../..'), join(modules, 'landfall/dist'));
    for (const name of ['zod', '@types', 'tsx']) {
      await symlink(join(root, 'node_modules', name), join(modules, name));
    }
  });
  afterAll(() => rm(project, { recursive: true, force: true }));

  async function node(args: readonly string[], env: Record<string, string> = {}) {
    const run = execute(process.execPath, args, {
      cwd: project,
      env: {
        PATH: process.env['PATH'],
        NO_COLOR: '1',
        LANDFALL_DATA_DIRECTORY: join(project, 'none'),
        ...env,
      },
    });
    return run.then(
      ({ stdout, stderr }) => ({ exitCode: 0, output: stdout + stderr }),
      (error: unknown) => {
        const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
        return { exitCode: code, output: stdout + stderr };
      },
    );
  }
  const landfall = (args: readonly string[], env: Record<string, string> = {}) =>
    node([join(project, 'node_modules/landfall/dist/src/cli/main.js'), ...args], env);

  test('has an adapter written, which passes the conformance kit and can be switched on', async () => {
    const written = await landfall([
      ...['create-source', 'acme', '--yes', '--entity', 'invoice', '--api-url', 'https://api.acme.example'],
      ...['--list-path', '/changes'],
    ]);
    expect(written).toMatchObject({ exitCode: 0 });
    expect(written.output).toContain('node --test sources/acme.test.js');
    expect(await readdir(join(project, 'sources'))).toEqual(['acme.js', 'acme.sample.json', 'acme.test.js']);

    const tested = await node(['--test', '--test-reporter=tap', 'sources/acme.test.js']);
    expect(tested.output).toContain('# fail 0');
    expect(tested).toMatchObject({ exitCode: 0 });

    const env = { LANDFALL_ADAPTERS: 'sources/acme.js' };
    expect((await landfall(['sources'], env)).output).toContain('Off: ');
    const on = await landfall(['sources'], { ...env, ACME_WEBHOOK_SECRET: 'secret', ACME_API_KEY: 'key' });
    expect(on.output).toMatch(/acme +\/webhooks\/acme +hmac +fetched fresh +every 1d/);
    const half = await landfall(['sources'], { ...env, ACME_WEBHOOK_SECRET: 'secret' });
    expect(half.output).toContain('ACME_API_KEY: is not set, and the source "acme" needs it');
  });

  test('has one written in TypeScript, which fits the types of the package', async () => {
    const args = ['create-source', 'beta', '--yes', '--dir', 'typed', '--language', 'ts'];
    const written = await landfall([
      ...args,
      '--api-url',
      'https://api.beta.example',
      '--list-path',
      '/list',
    ]);
    expect(written.output).toContain('node --import tsx --test typed/beta.test.ts');
    const tested = await node(['--import', 'tsx', '--test', '--test-reporter=tap', 'typed/beta.test.ts']);
    expect(tested.output).toContain('# fail 0');

    const compilerOptions = {
      ...{ module: 'nodenext', target: 'es2023', lib: ['es2023'], types: ['node'], skipLibCheck: true },
      ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
      ...{ noEmit: true, allowImportingTsExtensions: true },
    };
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['typed'] }));
    const checked = await node([join(root, 'node_modules/typescript/bin/tsc'), '-p', '.']);
    expect(checked).toEqual({ exitCode: 0, output: '' });
  });

  test('keeps what is there, unless it is told otherwise', async () => {
    const mine = join(project, 'mine/acme.js');
    await mkdir(dirname(mine));
    await writeFile(mine, '// mine');
    const args = ['create-source', 'acme', '--yes', '--dir', 'mine'];
    const refused = await landfall(args);
    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused.output).toContain(`Nothing was written: ${join('mine', 'acme.js')} is there already`);
    expect(await readdir(dirname(mine))).toEqual(['acme.js']);
    expect(await readFile(mine, 'utf8')).toBe('// mine');
    expect(await landfall([...args, '--force'])).toMatchObject({ exitCode: 0 });
    expect(await readFile(mine, 'utf8')).toContain('defineSource');
  });

  test('hears of every mistake at once, and of a sample that does not fit', async () => {
    const wrong = await landfall(['create-source', 'Acme', '--yes']);
    expect(wrong.output).toContain('The name of a source must be 1 to 40 lower-case letters');
    const flags = await landfall(['create-source', 'acme', '--yes', '--scheme', 'rsa', '--id-field', 'a.0']);
    expect(flags.output).toMatch(/--scheme: must be one of hmac.*--id-field: must not lead into an array/s);
    await writeFile(join(project, 'event.json'), '{ "event": "evt_1" }');
    const sample = await landfall(['create-source', 'acme', '--yes', '--sample', 'event.json']);
    expect(sample.output).toContain('--id-field: the sample holds no text and no whole number at /id');
    expect([wrong, flags, sample].map(({ exitCode }) => exitCode)).toEqual([1, 1, 1]);
  });
});
