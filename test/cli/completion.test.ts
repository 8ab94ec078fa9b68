import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { noFaults } from '../../src/dev/demo-vendor/faults.ts';
import { type Harness, startHarness, uniqueName, withoutListing } from '../support/harness.ts';
import { runLandfall } from '../support/landfall-command.ts';

/** What `bash-completion` gives to completion functions; it need not be installed where this runs. */
const bashCompletion = `
_get_comp_words_by_ref() { cur="\${typed[-1]}"; words=("\${typed[@]}"); cword=$(( \${#typed[@]} - 1 )); }
compopt() { :; }
__ltrim_colon_completions() {
  [[ $1 == *:* && $COMP_WORDBREAKS == *:* ]] || return 0
  local before=\${1%"\${1##*:}"} index
  for index in "\${!COMPREPLY[@]}"; do COMPREPLY[index]=\${COMPREPLY[index]#"$before"}; done
}`;

describe('landfall completion', { timeout: 120_000 }, () => {
  let harness: Harness;
  let folder: string;
  let env: Record<string, string>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'landfall-completion-'));
    harness = await startHarness({ change: withoutListing });
    env = {
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      LANDFALL_TASK_QUEUE: harness.runtime.config.taskQueue,
      GITHUB_WEBHOOK_SECRET: 'a secret of the test',
    };
  });
  afterAll(async () => {
    await harness.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** What is offered behind these words, the last of which is being typed. */
  async function offered(...words: string[]): Promise<string[]> {
    const { stdout, stderr, exitCode } = await runLandfall(['complete', '--', ...words], env);
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    const lines = stdout.trimEnd().split('\n');
    // The last line tells the shell to offer no file names.
    expect(lines.pop()).toBe(':4');
    return lines.map((line) => line.split('\t', 1)[0] ?? '');
  }

  test('offers commands, their options, and the values of these', async () => {
    const [commands, below, options, statuses, sources, source] = await Promise.all([
      offered('d'),
      offered('dead-letters', 're'),
      offered('dead-letters', 'replay', '--o'),
      offered('bulk', 'results', '--status', ''),
      offered('dead-letters', 'list', '--source', ''),
      offered('send', 'git'),
    ]);
    expect(commands).toEqual(['dev', 'dead-letters', 'doctor', 'demo-vendor']);
    expect(below).toEqual(['replay']);
    expect(options).toEqual(['--older-than']);
    expect(statuses).toEqual(['waiting', 'asked', 'done', 'failed', 'skipped', 'left']);
    expect(sources).toEqual(['github']);
    expect(source).toEqual(['github']);
  });

  test('offers the dead letters that are open, but none whose id means something to a shell', async () => {
    const { name } = harness.source;
    const harmless = uniqueName('evt');
    harness.vendor.setFaults({ ...noFaults, apiErrors: 1 });
    const customer = harness.vendor.createCustomer();
    for (const id of [harmless, 'evt_$(id)']) await harness.post({ ...customer, id });
    const open = async () => (await harness.deadLetters.list({ source: name })).length;
    await vi.waitFor(async () => expect(await open()).toBe(2), { timeout: 20_000, interval: 250 });
    expect(await offered('dead-letters', 'show', `${name}:`)).toEqual([`${name}:${harmless}`]);
  });

  test('prints scripts for four shells, and that of bash completes behind a colon', async () => {
    const scripts = await Promise.all(
      ['bash', 'zsh', 'fish', 'powershell'].map((shell) => runLandfall(['completion', shell])),
    );
    for (const { exitCode, stdout, stderr } of scripts) {
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout).toMatch(/landfall complete '?--'? /);
    }
    const unknown = await runLandfall(['completion', 'tcsh']);
    expect(unknown).toMatchObject({ exitCode: 1, stdout: '' });

    const script = join(folder, 'completion.bash');
    await writeFile(
      script,
      `${bashCompletion}
landfall() { printf 'demo:evt_1\\t\\ndemo:evt_2\\t\\n:4\\n'; }
${scripts[0]?.stdout ?? ''}
COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
typed=(landfall dead-letters show demo:ev)
$(complete -p landfall | sed 's/.*-F \\([^ ]*\\).*/\\1/')
printf '%s\\n' "\${COMPREPLY[@]}"`,
    );
    const { stdout } = await promisify(execFile)('bash', [script]);
    expect(stdout).toBe('evt_1\nevt_2\n');
  });
});
