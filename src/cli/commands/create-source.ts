import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { ConfigurationError } from '../../errors.ts';
import type { JsonValue } from '../../model/json.ts';
import { adapterText } from '../create-source/adapter-text.ts';
import { askOnTerminal } from '../create-source/ask-on-terminal.ts';
import { createPlan, type SourcePlan } from '../create-source/plan.ts';
import { findProject, formatAsProject, type Project } from '../create-source/project.ts';
import { type Answers, nameProblem, questions } from '../create-source/questions.ts';
import { resolveAnswers } from '../create-source/resolve-answers.ts';
import { checkSampleBody, createSampleBody } from '../create-source/sample-body.ts';
import { type Runner, runners, testText } from '../create-source/test-text.ts';
import { examples } from '../examples.ts';

interface CreateSourceOptions {
  dir: string;
  language?: 'ts' | 'js';
  testRunner?: Runner;
  sample?: string;
  yes?: true;
  force?: true;
}

/** `landfall create-source <name>`: writes an adapter, its test and a sample event from a few questions. */
export function createSourceCommand(): Command {
  const command = new Command('create-source')
    .description('write an adapter for a vendor, with its test and a sample event')
    .argument('<name>', 'of the source, and of its path: /webhooks/<name>')
    .addHelpText('after', examples('landfall create-source acme'));
  for (const { flag, sense, choices } of questions) {
    const option = new Option(flag, choices === undefined ? sense : `${sense} (${choices.join(', ')})`);
    command.addOption(option);
  }
  return command
    .option('--dir <folder>', 'where the files go', 'sources')
    .addOption(new Option('--language <language>', 'of the files').choices(['ts', 'js']))
    .addOption(new Option('--test-runner <runner>', 'of the test').choices([...runners]))
    .option('--sample <file>', 'a real event of the vendor, in JSON, to test with')
    .option('--yes', 'ask nothing: what is not given is as usual')
    .option('--force', 'write over files that are there')
    .action(async (name: string, options: CreateSourceOptions, self: Command) => {
      const problem = nameProblem(name);
      if (problem !== undefined) throw new ConfigurationError(`The name of a source ${problem}.`);
      const asks = options.yes !== true && process.stdin.isTTY && process.stdout.isTTY;
      const plan = createPlan(
        await resolveAnswers(name, self.opts<Answers>(), asks ? askOnTerminal() : null),
      );
      const project = findProject(options.dir);
      const language = options.language ?? (project.hasTypescript ? 'ts' : 'js');
      const runner = options.testRunner ?? project.runner;
      const sample =
        options.sample === undefined
          ? createSampleBody(plan)
          : checkSampleBody(plan, await readSampleFile(options.sample));
      const files = {
        adapter: join(options.dir, `${name}.${language}`),
        test: join(options.dir, `${name}.test.${language}`),
        sample: join(options.dir, `${name}.sample.json`),
      };
      await writeFiles(
        {
          [files.adapter]: adapterText(plan),
          [files.test]: testText(plan, sample, { runner, extension: language }),
          [files.sample]: `${JSON.stringify(sample, null, 2)}\n`,
        },
        { dir: options.dir, force: options.force === true },
      );
      for (const line of nextSteps(plan, files, { project, runner, language })) console.log(line);
    });
}

async function readSampleFile(file: string): Promise<JsonValue> {
  try {
    return z.json().parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw new ConfigurationError(`The sample cannot be read from ${file}: is it there, and JSON?`, { cause });
  }
}

/** Writes all or, where one of them is there, none. */
async function writeFiles(
  files: Readonly<Record<string, string>>,
  { dir, force }: { dir: string; force: boolean },
): Promise<void> {
  const there = Object.keys(files).filter((file) => existsSync(file));
  if (there.length > 0 && !force) {
    throw new ConfigurationError(
      `Nothing was written: ${there.join(', ')} ${there.length === 1 ? 'is' : 'are'} there already. Write over with --force.`,
    );
  }
  await mkdir(dir, { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(file, await formatAsProject(file, text));
}

function nextSteps(
  { vendor, name, variable, api }: SourcePlan,
  files: { adapter: string; test: string; sample: string },
  { project, runner, language }: { project: Project; runner: Runner; language: 'ts' | 'js' },
): string[] {
  const landfall = project.isLandfall ? 'npm run landfall --' : 'npx landfall';
  const test = {
    vitest: `npx vitest run ${files.test}`,
    jest: `npx jest ${files.test}`,
    node: `node ${language === 'ts' ? '--import tsx ' : ''}--test ${files.test}`,
  }[runner];
  const set = `LANDFALL_ADAPTERS=${files.adapter} ${variable}_WEBHOOK_SECRET=…${api === null ? '' : ` ${variable}_API_KEY=…`}`;
  const steps = [
    ...(project.hasZod ? [] : ['npm install zod']),
    test,
    `Put an event as ${vendor} sends it into ${files.sample}, and run that again.`,
    `${set} ${project.isLandfall ? 'npm start' : 'npx landfall dev'}`,
    `With the same settings: ${landfall} send ${name} --body ${files.sample}`,
  ];
  return [
    `Wrote ${files.adapter}, ${files.test} and ${files.sample}. Next:`,
    ...steps.map((step, index) => `${index + 1}. ${step}`),
  ];
}
