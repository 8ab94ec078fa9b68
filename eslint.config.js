import { existsSync } from 'node:fs';
import prettier from 'eslint-config-prettier';
import temporal from 'eslint-plugin-temporal';
import tseslint from 'typescript-eslint';

// These have packages of their own, and can be checked only where they are installed.
const notInstalled = ['bench/peers', 'test/sdks'].filter(
  (folder) => !existsSync(new URL(`${folder}/node_modules`, import.meta.url)),
);

export default tseslint.config(
  { ignores: ['dist', '.landfall', 'node_modules', 'test/fixtures', 'test/histories', ...notInstalled] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // A forgotten await is a lost event.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-console': 'error',
      // Interfaces are implemented by closures here: no method has a `this`.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ['src/cli/**', 'src/dev/**', 'scripts/**', 'bench/**', 'test/setup/**'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['src/**', 'activities/**', 'workflows/**'],
    ignores: ['src/config/load.ts', 'src/cli/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'Settings are read once, by src/config/load.ts, from the env that the CLI passes in.',
        },
      ],
    },
  },
  {
    files: ['workflows/**/*.ts'],
    ...temporal.configs.recommended,
    rules: {
      ...temporal.configs.recommended.rules,
      // Takes every exported function for a workflow.
      'temporal/workflow-prefer-single-object-args': 'off',
      // Takes setHandler for a promise; the typed rule of the same name finds the real ones.
      'temporal/workflow-no-floating-promises': 'off',
      // Ask for comments, or know nothing of a loop that waits between two looks at the clock.
      'temporal/workflow-no-date-now-tight-loop': 'off',
      'temporal/workflow-no-nondeterministic-control-flow': 'off',
      'temporal/workflow-replay-testing-required-comment': 'off',
      'temporal/workflow-uuid4-requires-security-comment': 'off',
      // Wants a second type parameter where a query has no arguments.
      'temporal/workflow-require-explicit-payload-types': 'off',
    },
  },
  {
    files: ['*.js', '*.cjs', '.*.cjs', 'test/**/*.js', 'examples/**/*.js'],
    ...tseslint.configs.disableTypeChecked,
  },
  {
    files: ['test/**'],
    rules: {
      // Answers of HTTP servers are read as the test expects them: a wrong shape fails the test.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/require-await': 'off',
    },
  },
  prettier,
);
