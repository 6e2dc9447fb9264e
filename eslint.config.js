import js from '@eslint/js';
import redos from 'eslint-plugin-redos';
import regexp from 'eslint-plugin-regexp';
import ts from 'typescript-eslint';

const useHost = 'the lab runs on a virtual clock: take time, timers and random numbers from the Host, the Scheduler or an Rng';

/** A pattern that is no literal cannot be judged before it runs. */
const dynamicPattern = {
  selector: 'NewExpression[callee.name="RegExp"], CallExpression[callee.name="RegExp"]',
  message: 'write patterns as literals, so that lint can tell how long they may take',
};

/** Bans that keep "same seed, same run" true (lab/docs/determinism.md). */
const determinism = {
  'no-restricted-globals': [
    'error',
    { name: 'setTimeout', message: useHost },
    { name: 'setInterval', message: useHost },
    { name: 'setImmediate', message: useHost },
    { name: 'performance', message: useHost },
    { name: 'Buffer', message: 'bytes are Uint8Array' },
  ],
  'no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: useHost },
    { object: 'Math', property: 'random', message: useHost },
    { object: 'process', property: 'hrtime', message: useHost },
    { object: 'crypto', property: 'randomBytes', message: useHost },
    { object: 'crypto', property: 'randomUUID', message: useHost },
    { object: 'crypto', property: 'getRandomValues', message: useHost },
    ...['sin', 'cos', 'tan', 'pow', 'exp', 'log', 'log2', 'log10'].map((property) => ({
      object: 'Math',
      property,
      message: 'engines may round it differently: use a table or integer arithmetic',
    })),
  ],
  'no-restricted-imports': [
    'error',
    {
      paths: [
        { name: 'node:dgram', message: 'use the Host port' },
        { name: 'node:net', message: 'use the Host port' },
        { name: 'node:dns', message: 'use Host.resolve' },
        { name: 'node:timers', message: useHost },
        { name: 'node:timers/promises', message: useHost },
        { name: 'node:crypto', importNames: ['randomBytes', 'randomInt', 'randomUUID'], message: useHost },
      ],
    },
  ],
  'no-restricted-syntax': ['error', { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: useHost }, dynamicPattern],
};

/** A promise made by hand in these floors is resolved behind the driver's back and seen late. */
const bareps = {
  'no-restricted-syntax': [
    'error',
    { selector: 'NewExpression[callee.name="Date"][arguments.length=0]', message: useHost },
    dynamicPattern,
    { selector: 'NewExpression[callee.name="Promise"]', message: 'use host.deferred(): the driver must know that a promise may go on' },
  ],
};

export default ts.config(
  { ignores: ['dist/', 'node_modules/', 'captures/', 'coverage/', '.stryker/'] },
  js.configs.recommended,
  ...ts.configs.strict,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
      'no-empty': ['error', { allowEmptyCatch: false }],
    },
  },
  {
    // Patterns meet what strangers send: the time of a match grows with the text, never faster.
    files: ['src/**/*.ts'],
    ignores: ['src/**/*.test.ts', 'src/**/*.testkit.ts'],
    plugins: { redos, regexp },
    rules: {
      'no-restricted-syntax': ['error', dynamicPattern],
      'redos/no-vulnerable': ['error', { ignoreErrors: false, timeout: 60_000 }],
      'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
      'regexp/no-super-linear-move': ['error', { report: 'potential' }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/**/*.test.ts', 'src/cli/**', 'src/library/**', 'src/fabric/driver/**', 'src/substrate/kernel/**'],
    rules: determinism,
  },
  { files: ['src/roles/**/*.ts', 'src/scenario/**/*.ts'], ignores: ['src/**/*.test.ts'], rules: bareps },
  {
    files: ['lab/**/*.mjs', 'test/bench/**', 'test/**/*.mjs', '.dependency-cruiser.cjs'],
    languageOptions: { globals: { console: 'readonly', process: 'readonly', module: 'writable' } },
    rules: { 'no-console': 'off' },
  },
  { files: ['**/*.test.ts', 'test/**/*.ts'], rules: { '@typescript-eslint/no-non-null-assertion': 'off' } },
);
