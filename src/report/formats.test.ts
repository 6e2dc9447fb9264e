import { describe, expect, it } from 'vitest';
import { seconds } from '../base/time.js';
import { PLAIN } from './format.js';
import { FORMATS } from './formats.js';
import { FLOW_WORDS } from './model.js';
import type { FlowReport, ReportModel } from './model.js';

const finding = (check: string, status: 'pass' | 'fail') =>
  ({ status, check, subject: check, expected: 'x', observed: 'y', evidence: { packets: [], total: 0, links: [] }, src: null }) as const;

const flow: FlowReport = {
  words: FLOW_WORDS,
  id: 'a-flow',
  title: 'A flow',
  source: 'a document',
  findings: [finding('call/a-b', 'pass')],
  moved: [finding('baseline/signalling/a', 'fail')],
  losses: null,
  trouble: null,
  documented: false,
  observed: { format: 'callpath-observation-2', labels: [], legs: [], media: [], calls: [], drops: [], unplaced: 0 },
  packets: 7,
  labTime: seconds(9),
  wall: 0.5,
  files: ['captures/a-flow.pcapng'],
  links: [],
  lateness: null,
};
const model: ReportModel = { flows: [flow], missing: ['never-run'], experiments: null };
const rendered = (name: string, of: ReportModel): string => FORMATS.find((format) => format.name === name)?.render(of, PLAIN) ?? 'no such format';

describe('the formats', () => {
  it('have names of their own, and say what their files hold', () => {
    expect(new Set(FORMATS.map(({ name }) => name)).size).toBe(FORMATS.length);
    for (const { name, option } of FORMATS) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      if (option !== null) expect([option.flows, option.experiments].every((text) => text.length > 0)).toBe(true);
    }
  });

  it('make the same of the same model, and change nothing in it', () => {
    const before = structuredClone(model);
    for (const format of FORMATS) expect(format.render(model, PLAIN)).toBe(format.render(model, PLAIN));
    expect(model).toEqual(before);
  });

  it('console and JUnit count what moved among what was judged; JSON tells of the flow alone', () => {
    expect(rendered('console', model)).toContain('differs from its documentation: 1 of 2 checks, 7 packets');
    expect(rendered('junit', model)).toContain('<testsuites name="callpath" tests="3" failures="1" errors="1">');
    expect(JSON.parse(rendered('json-report', model))).toMatchObject({ 'a-flow': { documented: true, findings: [{ check: 'call/a-b' }] } });
  });

  it('JSON has no entry for a flow that did not start, and one for each variant of an experiment', () => {
    expect(JSON.parse(rendered('json-report', { ...model, flows: [{ ...flow, observed: null, trouble: 'LAB_STALLED' }] }))).toEqual({});
    const experiments = [{ id: 'bug', title: 't', symptom: 's', variants: [{ name: 'broken', flow: 'a-flow' }] }];
    expect(JSON.parse(rendered('json-report', { ...model, experiments }))).toEqual({
      bug: { broken: { expected: false, trouble: null, findings: [finding('call/a-b', 'pass')], files: ['captures/a-flow.pcapng'] } },
    });
    expect(rendered('console', { ...model, experiments })).toMatch(/^bug {2}t\n {2}s\n\na-flow {2}A flow\n/);
  });
});
