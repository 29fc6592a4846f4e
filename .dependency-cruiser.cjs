// The arrows: web → client → contracts ← bus ← service-kit ← message-log ← services. Type-only imports count as well.

/** Our packages by name, wherever an import reaches them: through the workspace link, or by its real folder. */
const ours = (...names) => `^(node_modules/@teahouse/|packages/|services/)(${names.join('|')})(/|$)`;
const every = [
  'contracts',
  'bus',
  'service-kit',
  'message-log',
  'client',
  'web',
  'standalone',
  'auth',
  'group-chat',
  'private-chat',
  'gateway',
];

/** `from`, sources and tests, reaches of ours only itself and `allowed`. */
const onlyReaches = (from, allowed, comment) => ({
  name: `${from}-reaches`,
  comment,
  severity: 'error',
  from: { path: `^(packages|services)/${from}/(src|test)/` },
  to: { path: ours(...every), pathNot: ours(from, ...allowed) },
});

const service = (name) =>
  onlyReaches(
    name,
    ['contracts', 'bus', 'service-kit', 'message-log'],
    'A service knows the shared packages and no other service: they meet on the bus.',
  );

module.exports = {
  forbidden: [
    onlyReaches('contracts', [], 'The contracts are the bottom: everything rests on them.'),
    onlyReaches('bus', ['contracts'], 'The bus carries what the contracts define and knows nobody who uses it.'),
    onlyReaches('service-kit', ['bus', 'contracts'], 'What every service does alike.'),
    onlyReaches('message-log', ['service-kit', 'bus', 'contracts'], 'The log that both chat services use.'),
    onlyReaches('client', ['contracts'], 'The client runs in browsers and knows the protocol only.'),
    onlyReaches('web', ['client'], 'The page talks through the client.'),
    service('auth'),
    service('group-chat'),
    service('private-chat'),
    service('gateway'),
    {
      name: 'gateway-has-no-database',
      comment: 'Loading what speaks to databases would be a fifth of the time that a gateway takes to start.',
      severity: 'error',
      from: { path: '^services/gateway/src/' },
      to: { path: ['^packages/service-kit/(dist|src)/database/', '^(node_modules/)?(typeorm|mysql2|libsql)(/|$)'] },
    },
    {
      name: 'helpers-know-nobody',
      comment: 'The test helpers serve the tests of every package, so they rest on none.',
      severity: 'error',
      from: { path: '^test/src/' },
      to: { path: ours(...every) },
    },
    {
      name: 'helpers-are-for-tests',
      severity: 'error',
      from: { path: '^(packages|services)/[^/]+/src/' },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'contracts-do-no-io',
      comment: 'The contracts are schemas and types; they load in a browser.',
      severity: 'error',
      from: { path: '^packages/contracts/src/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'only-bus-knows-nats',
      comment: 'Everybody else talks to the port, so that the embedded default works without NATS.',
      severity: 'error',
      from: { path: '^(packages|services|test|bench)/', pathNot: '^packages/bus/' },
      to: { path: ['node_modules/@nats-io/', 'node_modules/nats/', '^(nats|@nats-io)(/|$)'] },
    },
    {
      name: 'page-libraries',
      comment: 'The page is built from Vue, the client, and three small libraries for controls, icons and long lists.',
      severity: 'error',
      from: { path: '^packages/web/src/' },
      to: {
        dependencyTypes: ['npm'],
        pathNot: ['node_modules/@?vue', 'node_modules/vite/', 'node_modules/(reka-ui|@lucide|virtua)/', ours('client')],
      },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolved',
      comment: 'An import that leads nowhere would pass every other rule.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    // An import of one of our packages leads to its compiled form, which names the package well enough for the rules.
    doNotFollow: { path: ['node_modules', '(^|/)dist(-test)?/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    combinedDependencies: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'node', 'default'] },
  },
};
