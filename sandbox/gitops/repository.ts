// A real Git repository with all that Argo CD installs: the content folder as it is, and a folder for each environment.
import { execFile } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { environmentFolder } from './catalog.ts';

export const GITOPS_BRANCH = 'main';

export interface GitOpsEnvironment {
  readonly name: string;
  readonly region: string;
  /** DNS zone of the apps' hosts, without a dot at the end. */
  readonly zone: string;
  /** How often external-dns compares and writes. AWS takes 60 s by default. */
  readonly externalDnsIntervalMs: number;
  /** Names of apps whose public names external-dns has, with all of the weight on the live cluster. */
  readonly annotated?: { readonly apps: readonly string[]; readonly live: string };
}

export interface GitOpsRepository {
  /** `file://…` */
  readonly url: string;
  /** Commit that GITOPS_BRANCH points to. The same content gives the same commit. */
  readonly revision: string;
}

const CONTENT = fileURLToPath(new URL('./content', import.meta.url));

const COMMITTER = { name: 'eksodus sandbox', email: 'sandbox@example.test', date: '2026-01-01T00:00:00Z' };

/** What the user set for Git (signing, hooks, templates) must not reach the sandbox's repository. */
const GIT_ENV = {
  PATH: process.env['PATH'],
  LANG: 'C.UTF-8',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TEMPLATE_DIR: '',
  GIT_AUTHOR_NAME: COMMITTER.name,
  GIT_AUTHOR_EMAIL: COMMITTER.email,
  GIT_AUTHOR_DATE: COMMITTER.date,
  GIT_COMMITTER_NAME: COMMITTER.name,
  GIT_COMMITTER_EMAIL: COMMITTER.email,
  GIT_COMMITTER_DATE: COMMITTER.date,
};

/** Makes the repository in `dir`, which must not be there yet. */
export async function makeGitOpsRepository(options: {
  readonly dir: string;
  readonly environments: readonly GitOpsEnvironment[];
}): Promise<GitOpsRepository> {
  const { dir, environments } = options;
  await cp(CONTENT, dir, { recursive: true, errorOnExist: true, force: false });
  for (const environment of environments) await writeEnvironment(dir, environment);
  const git = async (...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)('git', args, { cwd: dir, env: GIT_ENV });
    return stdout.trim();
  };
  await git('init', '--quiet', `--initial-branch=${GITOPS_BRANCH}`);
  await git('add', '--all');
  await git('-c', 'commit.gpgsign=false', 'commit', '--quiet', '--message=Apps of the rehearsal');
  return { url: pathToFileURL(dir).href, revision: await git('rev-parse', GITOPS_BRANCH) };
}

async function writeEnvironment(dir: string, environment: GitOpsEnvironment): Promise<void> {
  const { name, region, zone, externalDnsIntervalMs, annotated = { apps: [], live: '' } } = environment;
  const folder = join(dir, environmentFolder(name));
  await mkdir(folder, { recursive: true });
  const values = { region, zone, externalDnsInterval: `${externalDnsIntervalMs}ms`, annotated };
  await writeFile(join(folder, 'environment.json'), `${JSON.stringify(values, null, 2)}\n`);
}
