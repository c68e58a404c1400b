// A rehearsal whose upgrade cannot be walked to its end: what was seen until then is reported, and `--keep` is honoured.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { runRehearsal } from '../../sandbox/rehearsal/command.ts';
import { askCluster } from '../../sandbox/rehearsal/survey.ts';
import { withSandbox } from '../../sandbox/with-sandbox.ts';
import { GOOD } from '../support/rehearsal-report.ts';

vi.mock('../../sandbox/with-sandbox.ts');
vi.mock('../../sandbox/rehearsal/survey.ts', () => ({
  askCluster: vi.fn<typeof askCluster>(),
  isReady: async () => true,
  askArgoCd: async () => GOOD.plain().argocd,
  readWeights: async () => ({}),
}));
vi.mock('../../sandbox/rehearsal/histories.ts', () => ({ countHistories: async () => GOOD.plain().temporal }));
vi.mock('../../sandbox/rehearsal/traffic.ts', () => ({
  startTraffic: async () => ({ stop: async () => undefined, summary: async () => GOOD.plain().traffic }),
}));
vi.mock('../../sandbox/rehearsal/walk.ts', () => ({
  Walk: class {
    readonly status = { state: 'paused', holds: [{ because: 'as ordered' }], phases: GOOD.plain().phases, apps: [] };
    readonly noted = {};
    readonly approvals = [];
    readonly run = (): Promise<never> => Promise.reject(new Error('Temporal has gone'));
  },
}));

let dir: string;
let shown: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'eksodus-cut-short-'));
  shown = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => (shown += String(text)) !== '');
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true });
});

it('exit code 1, a report of what was seen with the reasons, and the sandbox stays up until Ctrl-C', async () => {
  const environmentFile = join(dir, 'stg.yaml');
  writeFileSync(environmentFile, 'steps: [{ green: 5 }]\napps: [{ name: messages }]');
  const interrupt = new AbortController();
  const sandbox = {
    settings: { dir, speed: { factor: 60, ms: () => 1 } },
    gateway: { calls: [] },
    temporal: { address: '127.0.0.1:1', pageUrl: 'http://127.0.0.1:2' },
    controlPlane: () => ({ issuer: 'https://oidc' }),
    environmentFile,
  };
  vi.mocked(withSandbox).mockImplementation((_options, use) => use(sandbox as never, interrupt.signal));
  vi.mocked(askCluster).mockImplementation(async (name) => {
    if (name === 'stg-1-36') throw new Error('connection refused');
    return { name, version: '1.33', servesRemovedApi: true };
  });

  const report = join(dir, 'report.json');
  const running = runRehearsal({ speed: 60, scenario: 'plain', report, keep: true, output: 'text' });
  await vi.waitFor(() => expect(shown).toContain('The sandbox stays up.'));
  const troubles = [
    'the upgrade was not walked to its end: Temporal has gone',
    'stg-1-36 could not be looked at: connection refused',
  ];
  expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({
    result: 'paused',
    outcome: 'as ordered',
    traffic: { requests: 2_400 },
    clusters: { blue: { version: '1.33', deleted: false }, green: { version: null } },
    aws: { leftovers: null },
    troubles,
    problems: expect.arrayContaining(troubles),
  });
  for (const trouble of troubles) expect(shown).toContain(`✗ ${trouble}\n`);
  interrupt.abort();
  expect(await running).toBe(1);
});
