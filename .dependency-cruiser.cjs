// The floors of the house, bottom first. A file may import from its own floor and from those below, never from above.
const floors = [
  'base',
  'wire',
  'nft',
  'protocol',
  'host',
  'topology',
  'fabric',
  'roles',
  'capture',
  'netstack',
  'analysis',
  'substrate',
  'scenario',
  'verify',
  'experiment',
  'report',
  'library',
  'cli',
];

const downwards = floors.slice(0, -1).map((floor, i) => ({
  name: `${floor}-looks-down`,
  comment: `src/${floor} must not import from a floor above it`,
  severity: 'error',
  from: { path: `^src/${floor}/` },
  to: { path: `^src/(${floors.slice(i + 1).join('|')}|index\\.ts)` },
}));

module.exports = {
  forbidden: [
    ...downwards,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    {
      name: 'no-type-cycles',
      comment: 'not even types go round in a circle: the parts of a node know narrow ports',
      severity: 'error',
      from: { path: '^src/(netstack|nft)/' },
      to: { circular: true },
    },
    {
      name: 'parts-know-ports',
      comment: 'ip-node.ts assembles the parts; no part knows it',
      severity: 'error',
      from: { path: '^src/netstack/', pathNot: '(\\.test|testing)\\.ts$' },
      to: { path: '^src/netstack/ip-node\\.ts$' },
    },
    {
      name: 'protocols-are-pure',
      comment: 'a protocol is sans-I/O: it sees base and wire only',
      severity: 'error',
      from: { path: '^src/protocol/', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/(?!base/|wire/|protocol/)' },
    },
    {
      name: 'roles-see-the-host',
      comment: 'a role talks to the world through the Host port only',
      severity: 'error',
      from: { path: '^src/roles/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(src/(fabric|capture|netstack)/|node:(dgram|net|dns|fs|http|https)$|(dgram|net|dns|fs|http|https)$)' },
    },
    {
      name: 'http-in-one-place',
      comment: 'HTTP in the lab is host/http.ts, which the clock of the lab rules; the Docker engine is spoken to outside the lab',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(host/http|substrate/docker/.*)\\.ts$' },
      to: { path: '^(node:)?https?$' },
    },
    {
      name: 'judges-see-the-ledger',
      comment: 'analysis and verify read the ledger and the plan, never what acts; of a scenario they see its description only',
      severity: 'error',
      from: { path: '^src/(analysis|verify)/' },
      to: { path: '^src/(netstack|host|roles|substrate|scenario/(?!flow\\.ts|description/))' },
    },
    {
      name: 'substrates-are-strangers',
      severity: 'error',
      from: { path: '^src/substrate/(sim|netns|docker)/' },
      to: { path: '^src/substrate/(sim|netns|docker)/', pathNot: '^src/substrate/$1/' },
    },
    {
      name: 'one-composition-root',
      comment: 'only library/substrates.ts and the library surface name a substrate',
      severity: 'error',
      from: { path: '^src/(?!substrate/|library/substrates\\.ts|index\\.ts)', pathNot: '\\.test\\.ts$' },
      to: { path: '^src/substrate/(sim|netns|docker)/' },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'declared',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.(test|bench|testkit)\\.ts$' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'] },
  },
};
