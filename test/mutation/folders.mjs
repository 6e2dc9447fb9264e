// The folders of src/ that are tested by mutation, each with its near tests: those that stand beside it, and whoever else
// is about it and fast. Not those that look at the compiled code itself, which is another while it is mutated.
export const FOLDERS = {
  fabric: { tests: ['src/fabric/**/*.test.ts'], not: ['src/fabric/hot-path.test.ts'] },
  'netstack/conntrack': { tests: ['src/netstack/conntrack/**/*.test.ts'] },
  'netstack/nat': { tests: ['src/netstack/nat/**/*.test.ts', 'src/netstack/rules/nat-action.test.ts'] },
  'protocol/ice': { tests: ['src/protocol/ice/**/*.test.ts'], not: ['src/protocol/ice/loss.test.ts'] },
  verify: { tests: ['src/verify/**/*.test.ts'] },
};
