import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { DEVELOPERS_APPS, NIGHTLY, PLATFORM_APPS, folderOf } from '../../sandbox/gitops/catalog.ts';
import { makeGitOpsRepository } from '../../sandbox/gitops/repository.ts';
import { planWaves } from '../../src/domain/waves.ts';

const ENVIRONMENTS = [
  { name: 'test', region: 'eu-west-1', zone: 'test.example.test', externalDnsIntervalMs: 1000 },
  { name: 'prod', region: 'us-east-1', zone: 'example.test', externalDnsIntervalMs: 60_000 },
];

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gitops-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

describe('the GitOps repository', () => {
  it('can be cloned from its URL, at the revision told, with what each environment is given', async () => {
    const { url, revision } = await makeGitOpsRepository({ dir: join(dir, 'repository'), environments: ENVIRONMENTS });
    const clone = join(dir, 'clone');
    execFileSync('git', ['clone', '--quiet', url, clone]);
    expect(execFileSync('git', ['-C', clone, 'rev-parse', 'HEAD'], { encoding: 'utf8' }).trim()).toBe(revision);
    expect(execFileSync('git', ['-C', clone, 'status', '--porcelain'], { encoding: 'utf8' })).toBe('');
    expect(JSON.parse(readFileSync(join(clone, 'environments/prod/environment.json'), 'utf8'))).toEqual({
      region: 'us-east-1',
      zone: 'example.test',
      externalDnsInterval: '60000ms',
      annotated: { apps: [], live: '' },
    });
  });

  it('is the same commit for the same content, and another for other content', async () => {
    const first = await makeGitOpsRepository({ dir: join(dir, 'first'), environments: ENVIRONMENTS });
    const second = await makeGitOpsRepository({ dir: join(dir, 'second'), environments: ENVIRONMENTS });
    const other = await makeGitOpsRepository({ dir: join(dir, 'other'), environments: ENVIRONMENTS.slice(0, 1) });
    expect(second.revision).toBe(first.revision);
    expect(other.revision).not.toBe(first.revision);
  });

  it('takes nothing from the Git settings of the user', async () => {
    const config = join(dir, 'gitconfig');
    writeFileSync(
      config,
      '[commit]\n\tgpgsign = true\n[gpg]\n\tprogram = /bin/false\n[core]\n\thooksPath = /nowhere\n',
    );
    const before = process.env['GIT_CONFIG_GLOBAL'];
    process.env['GIT_CONFIG_GLOBAL'] = config;
    try {
      const { url } = await makeGitOpsRepository({ dir: join(dir, 'repository'), environments: [] });
      const author = execFileSync('git', ['-C', fileURLToPath(url), 'log', '--format=%an %ae'], { encoding: 'utf8' });
      expect(author).toBe('eksodus sandbox sandbox@example.test\n');
    } finally {
      if (before === undefined) delete process.env['GIT_CONFIG_GLOBAL'];
      else process.env['GIT_CONFIG_GLOBAL'] = before;
    }
  });

  it('refuses a folder in which something is already', async () => {
    await makeGitOpsRepository({ dir: join(dir, 'repository'), environments: [] });
    await expect(makeGitOpsRepository({ dir: join(dir, 'repository'), environments: [] })).rejects.toThrow(/exist/i);
  });
});

describe('the apps of the GitOps repository', () => {
  const content = fileURLToPath(new URL('../../sandbox/gitops/content', import.meta.url));
  const documents = (file: string): any[] =>
    parseAllDocuments(readFileSync(join(content, file), 'utf8')).map((document) => document.toJS());

  it('are those of the catalogue, each with its folder', () => {
    const folders = ['platform', 'apps'].flatMap((tier) =>
      readdirSync(join(content, tier)).map((name) => `${tier}/${name}`),
    );
    expect(folders.toSorted()).toEqual([...PLATFORM_APPS, ...DEVELOPERS_APPS, NIGHTLY].map(folderOf).toSorted());
  });

  it('come in an order in which each finds what it needs', () => {
    expect(planWaves(PLATFORM_APPS.map(({ name, needs }) => ({ app: name, needs })))).toEqual([
      ['crds'],
      ['logging', 'policy'],
      ['external-dns', 'node-termination-handler'],
    ]);
  });

  it('belong to different teams, which the platform knows', () => {
    const teams = DEVELOPERS_APPS.map(({ team }) => team);
    expect(new Set(teams).size).toBe(DEVELOPERS_APPS.length);
    const known = documents('platform/policy/teams.yaml').map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(known.toSorted()).toEqual(teams.map((team) => `Team ${team}`).toSorted());
  });

  it('have a policy engine that can stand in the way of nothing but the deletion of teams', () => {
    const [{ webhooks }] = documents('platform/policy/webhook.yaml');
    expect(webhooks).toHaveLength(1);
    expect(webhooks[0]).toMatchObject({ failurePolicy: 'Ignore', timeoutSeconds: 1, sideEffects: 'None' });
    expect(webhooks[0].rules).toEqual([
      {
        apiGroups: ['platform.eksodus.dev'],
        apiVersions: ['v1'],
        resources: ['teams'],
        operations: ['DELETE'],
        scope: 'Cluster',
      },
    ]);
  });
});
