/** What must never import what: see docs/principles.md. `type-only` imports are allowed where only the types are needed. */
const typesOnly = { dependencyTypesNot: ['type-only'] };

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Modules that need each other are one module, or need a third.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'model-is-pure',
      comment:
        'The model is shared with workflows: no Node, no I/O. (Search-attribute keys come from @temporalio/common.)',
      severity: 'error',
      from: { path: '^src/model' },
      to: { pathNot: ['^src/model', 'node_modules/@temporalio/common'] },
    },
    {
      name: 'workflows-are-deterministic',
      comment: 'Workflow code decides and does no I/O.',
      severity: 'error',
      from: { path: '^workflows' },
      to: {
        pathNot: [
          '^workflows',
          '^src/model',
          '^activities/types\\.ts$',
          'node_modules/@temporalio/(workflow|common)',
        ],
      },
    },
    {
      name: 'workflows-see-activities-as-types',
      severity: 'error',
      from: { path: '^workflows' },
      to: { path: '^activities', ...typesOnly },
    },
    {
      name: 'activities-stay-behind-their-ports',
      comment: "Activities reach Temporal's client through their dependencies, and know no receiver.",
      severity: 'error',
      from: { path: '^activities' },
      to: {
        path: [
          '^src/(receiver|temporal|cli|dev|config|inbox)',
          '^workflows',
          'node_modules/(express|@temporalio/(client|worker))/',
        ],
      },
    },
    {
      name: 'verification-has-no-clock-and-no-world',
      severity: 'error',
      from: { path: '^src/verification' },
      to: { path: ['^src/(?!verification|model|errors)', 'node_modules/(express|@temporalio)/'] },
    },
    {
      name: 'sources-know-no-temporal-express-or-store',
      severity: 'error',
      from: { path: '^src/(sources|destinations|handlers)' },
      to: {
        path: [
          '^src/(receiver|temporal|store|cli|dev|config|inbox|monitoring)',
          '^(activities|workflows)',
          'node_modules/(express|drizzle-orm|@temporalio)/',
        ],
      },
    },
    {
      name: 'one-destination-knows-postgresql',
      severity: 'error',
      from: { path: '^src/(sources|destinations|handlers)', pathNot: '^src/destinations/database' },
      to: { path: 'node_modules/pg/' },
    },
    {
      name: 'store-knows-no-temporal-and-no-source',
      severity: 'error',
      from: { path: '^src/store' },
      to: {
        path: [
          '^src/(?!store|model|errors)',
          '^(activities|workflows)',
          'node_modules/(express|@temporalio)/',
        ],
      },
    },
    {
      name: 'bodies-know-no-temporal-and-no-express',
      severity: 'error',
      from: { path: '^src/bodies' },
      to: {
        path: [
          '^src/(receiver|temporal|cli|dev|config|inbox)',
          '^(activities|workflows)',
          'node_modules/(express|@temporalio)/',
        ],
      },
    },
    {
      name: 'receiver-knows-no-activity-and-no-workflow',
      severity: 'error',
      from: { path: '^src/(receiver|inbox)' },
      to: { path: ['^activities', '^workflows', '^src/(cli|dev|config)', 'node_modules/@temporalio/'] },
    },
    {
      name: 'capture-knows-no-temporal-and-no-store',
      comment: 'Recorded deliveries are files and HTTP: nothing of ours has to run for them.',
      severity: 'error',
      from: { path: '^src/capture' },
      to: {
        path: [
          '^(activities|workflows)',
          '^src/(cli|dev|config|store|temporal|inbox)',
          'node_modules/@temporalio/',
        ],
        ...typesOnly,
      },
    },
    {
      name: 'temporal-knows-no-express',
      severity: 'error',
      from: { path: '^src/temporal' },
      to: { path: ['^src/(receiver|cli|dev|config|store|inbox)', 'node_modules/express/'], ...typesOnly },
    },
    {
      name: 'privacy-knows-no-process',
      severity: 'error',
      from: { path: '^src/privacy' },
      to: {
        path: [
          '^src/(receiver|temporal|cli|dev|config|inbox|store|monitoring)',
          '^(activities|workflows)',
          'node_modules/(express|@temporalio|drizzle-orm)/',
        ],
        ...typesOnly,
      },
    },
    {
      name: 'the-codec-server-knows-payloads-alone',
      severity: 'error',
      from: { path: '^src/codec-server' },
      to: {
        path: [
          '^src/(?!codec-server|errors|temporal/payload-codec)',
          '^(activities|workflows)',
          'node_modules/@temporalio/(client|worker|workflow|activity)/',
        ],
        ...typesOnly,
      },
    },
    {
      name: 'inspection-knows-no-page',
      comment: 'What people ask is answered for the console and for the command line alike.',
      severity: 'error',
      from: { path: '^src/inspection' },
      to: { path: ['^src/(console|receiver|cli|dev|config|inbox)', 'node_modules/(express|hono)/'] },
    },
    {
      name: 'workflows-are-started-by-type',
      comment: 'Outside of the worker, workflow functions are types; messages may be values.',
      severity: 'error',
      from: { path: '^src' },
      to: { path: '^workflows/(?!messages)', ...typesOnly },
    },
    {
      name: 'the-command-line-is-the-outermost',
      severity: 'error',
      from: { path: '^(src/(?!cli|dev)|activities|workflows)' },
      to: { path: '^src/(cli|dev)' },
    },
    {
      name: 'the-conformance-kit-knows-adapters-alone',
      severity: 'error',
      from: { path: '^src/testing' },
      to: {
        path: ['^src/(?!testing|model|sources|verification|errors)', '^(activities|workflows)'],
      },
    },
    {
      name: 'nothing-runs-on-the-conformance-kit',
      severity: 'error',
      from: { path: '^(src/(?!testing)|activities|workflows)' },
      to: { path: '^src/testing' },
    },
    {
      name: 'no-test-code-in-the-product',
      severity: 'error',
      from: { path: '^(src|activities|workflows)' },
      to: { path: ['^test', '^bench', '^scripts'] },
    },
    {
      name: 'no-undeclared-dependency',
      severity: 'error',
      from: { path: '^(src|activities|workflows)' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
