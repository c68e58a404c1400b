import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { waitUntil } from '../../sandbox/process/ready.ts';
import { cacheDir, partDir, partFile, partIsThere } from '../../sandbox/setup/cache.mjs';
import { lock } from '../../sandbox/setup/lock.mjs';
import { PARTS, type Part } from '../../sandbox/setup/parts.mjs';

// Processes start here, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const SETUP = fileURLToPath(new URL('../../sandbox/setup', import.meta.url));

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'eksodus-cache-'));
  vi.stubEnv('EKSODUS_CACHE_DIR', dir);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true });
});

function partOf(name: string): Part {
  const part = PARTS.find((one) => one.name === name);
  if (!part) throw new Error(`no part ${name}`);
  return part;
}

describe('the cache folder', () => {
  it('is the one that is named, else the user’s', () => {
    expect(cacheDir()).toBe(dir);
    vi.stubEnv('EKSODUS_CACHE_DIR', 'beside/here');
    expect(cacheDir()).toBe(resolve('beside/here'));
    vi.stubEnv('EKSODUS_CACHE_DIR', undefined);
    vi.stubEnv('XDG_CACHE_HOME', '/var/cache/me');
    expect(cacheDir()).toBe('/var/cache/me/eksodus');
    vi.stubEnv('XDG_CACHE_HOME', undefined);
    expect(cacheDir()).toBe(join(homedir(), '.cache', 'eksodus'));
  });
});

describe('the folder of a part', () => {
  const kwok = partOf('kwok');
  const argocd = partOf('argocd');

  it('is named by version and platform', () => {
    expect(basename(partDir(kwok))).toMatch(
      new RegExp(`^kwok-${kwok.version.replaceAll('.', '\\.')}-${process.platform}-${process.arch}-[0-9a-f]{12}$`),
    );
  });

  const build = argocd.build.kind === 'module' ? argocd.build : undefined;
  if (!build?.patches?.[0]) throw new Error('Argo CD is not built with a patch any more: take another part here');
  const [patch] = build.patches;
  const changes: Record<string, Partial<Part>> = {
    version: { version: '3.2.7' },
    'set of binaries': { binaries: ['argocd', 'argocd-cmp-server'] },
    'set of links': { links: { 'argocd-server': 'argocd' } },
    'set of assets': { assets: { module: 'github.com/argoproj/argo-cd/v3@v3.2.6', files: { manifests: 'crds' } } },
    'package that is built': { build: { ...build, packages: { argocd: 'github.com/argoproj/argo-cd/v3/cmd/other' } } },
    'linker flag': { build: { ...build, ldflags: '-X main.version=1' } },
    patch: { build: { ...build, patches: [{ ...patch, replace: `${patch.replace} ` }] } },
    recipe: { build: { ...build, recipe: 'etcd' } },
  };

  it.each(Object.entries(changes))('is another one after a change of the %s', (_, change) => {
    expect(partDir({ ...argocd, ...change })).not.toBe(partDir(argocd));
  });

  it('stays after a change of the way to the same thing: downloads, figures', () => {
    const { releases: _, ...built } = kwok;
    expect(partDir({ ...built, seconds: 1 })).toBe(partDir(kwok));
  });

  it('is another one after a change of a file of its recipe, in a folder below too', async () => {
    const copy = join(dir, 'setup');
    cpSync(SETUP, copy, { recursive: true });
    const cache: { partDir: typeof partDir } = await import(pathToFileURL(join(copy, 'cache.mjs')).href);
    const kubernetes = partOf('kubernetes');
    const seen = [cache.partDir(kubernetes)];
    expect(seen).toEqual([partDir(kubernetes)]);
    for (const file of ['go.sum', 'stub/go.mod']) {
      appendFileSync(join(copy, 'recipes', 'controlplane', file), '\n');
      seen.push(cache.partDir(kubernetes));
    }
    writeFileSync(join(copy, 'recipes', 'controlplane', 'new.go'), '');
    seen.push(cache.partDir(kubernetes));
    expect(new Set(seen).size).toBe(4);
    expect(cache.partDir(kwok)).toBe(partDir(kwok));
  });

  it('is there only when whole', () => {
    mkdirSync(join(dir, 'parts', '.kwok-half'), { recursive: true });
    expect(partIsThere(kwok)).toBe(false);
    expect(() => partFile('kwok', 'kwok')).toThrow(/kwok is missing: run "npm run setup"/);
    mkdirSync(partDir(kwok));
    writeFileSync(join(partDir(kwok), 'kwok'), '');
    expect(partIsThere(kwok)).toBe(true);
    expect(partFile('kwok', 'kwok')).toBe(join(partDir(kwok), 'kwok'));
    expect(() => partFile('quok', 'kwok')).toThrow('no part of the sandbox is named "quok"');
  });
});

describe('the lock', () => {
  const children: ChildProcess[] = [];
  const tickets = (): string[] => readdirSync(dir).filter((name) => name.startsWith('setup-lock-'));

  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

  /** A process of its own that runs this code with `lock` at hand and writes a line to say how far it is. */
  function start(code: string): { readonly child: ChildProcess; readonly said: () => string } {
    const head = [
      `import { lock } from ${JSON.stringify(pathToFileURL(join(SETUP, 'lock.mjs')).href)};`,
      `import { rmSync, writeFileSync } from 'node:fs';`,
      `const [dir, held] = ${JSON.stringify([dir, join(dir, 'held')])};`,
    ];
    const child = spawn(process.execPath, ['--input-type=module', '--eval', [...head, code].join('\n')]);
    children.push(child);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    return { child, said: () => said };
  }

  const HOLDER = `await lock(dir); console.log('held'); setInterval(() => {}, 1e6);`;

  async function startHolder(): Promise<ChildProcess> {
    const { child, said } = start(HOLDER);
    await waitUntil(async () => said() === 'held\n', { what: 'the lock', withinMs: 60_000 });
    return child;
  }

  it('is for one at a time: a second waits, says for whom, and has it after the first', async () => {
    const unlock = await lock(dir);
    const { child, said } = start(`const unlock = await lock(dir, { lookEveryMs: 5 }); console.log('held'); unlock();`);
    const waits = `Another set-up (process ${process.pid}) is at work in ${dir}; waiting for it.\n`;
    await waitUntil(async () => said() === waits, { what: 'the second', withinMs: 60_000 });
    expect(child.exitCode).toBeNull();
    unlock();
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(said()).toBe(`${waits}held\n`);
    expect(tickets()).toEqual([]);
  });

  it('of a holder that was killed goes to the next', async () => {
    const holder = await startHolder();
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(tickets()).toHaveLength(1);
    const unlock = await lock(dir, { lookEveryMs: 5 });
    expect(tickets()).toHaveLength(1);
    unlock();
    expect(tickets()).toEqual([]);
  });

  it('is not kept by a later process with the same id', async () => {
    writeFileSync(join(dir, `setup-lock-${process.pid}-1-00`), '');
    const unlock = await lock(dir, { lookEveryMs: 5 });
    unlock();
    expect(tickets()).toEqual([]);
  });

  it('goes with the process, however that ends by itself', async () => {
    const { child } = start(`await lock(dir); process.exit(3);`);
    expect(await once(child, 'exit')).toEqual([3, null]);
    expect(tickets()).toEqual([]);
  });

  it('is never held by two, not even by those that find a dead one’s', async () => {
    const dead = start('');
    await once(dead.child, 'exit');
    writeFileSync(join(dir, `setup-lock-${dead.child.pid}-1-00`), '');
    const ROUNDS = 40;
    // Each leaves a dead one's ticket behind, so that the next ones race for taking that away as well.
    const racers = Array.from({ length: 4 }, (_, racer) =>
      start(`
        for (let round = 0; round < ${ROUNDS}; round++) {
          const unlock = await lock(dir, { lookEveryMs: 1 });
          writeFileSync(held, '', { flag: 'wx' });
          await new Promise((resolve) => setImmediate(resolve));
          writeFileSync(dir + '/setup-lock-${dead.child.pid}-1-${racer}x' + round, '');
          rmSync(held);
          unlock();
        }
        console.log('done');
      `),
    );
    const exits = await Promise.all(racers.map(({ child }) => once(child, 'exit')));
    expect(exits.map(([code]) => code)).toEqual([0, 0, 0, 0]);
    expect(existsSync(join(dir, 'held'))).toBe(false);
  });
});
