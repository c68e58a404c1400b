import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isLoopback, listeningAddresses, npmRun, stillAlive, tree } from './support.ts';

const UP = 'Try it:';

describe('npm run sandbox', () => {
  let tmp: string;
  beforeEach(() => {
    tmp = mkdtempSync(join(tmpdir(), 'e2e-'));
  });
  afterEach(() => rmSync(tmp, { recursive: true, force: true }));

  it('listens on loopback only, suffers a second one beside it, and is gone without a trace after SIGTERM; so is one that is interrupted half-way up', async () => {
    const script = npmRun(tmp, 'sandbox');
    await script.shows(UP);
    const all = tree(script.child.pid ?? 0);
    const names = all.map(({ command }) => command).join('\n');
    for (const part of [
      'temporal',
      'etcd',
      'prometheus',
      'kube-apiserver',
      'kube-scheduler',
      'kwok',
      'argocd-application-controller',
      'external-dns',
      'redis-server',
      'ministack',
    ]) {
      expect(names).toContain(part);
    }
    const page = /Temporal page: (\S+)/.exec(await script.shows('Temporal page:'))?.[1] ?? '';
    expect(await (await fetch(page)).text()).toContain('<html');

    const listening = listeningAddresses(all.map(({ pid }) => pid));
    expect(listening.length).toBeGreaterThan(10);
    expect(listening.filter(({ address }) => !isLoopback(address))).toEqual([]);

    // A second one beside it: it comes up, is interrupted half-way, and leaves nothing; the first one does not notice.
    const besideTmp = mkdtempSync(join(tmpdir(), 'e2e-'));
    const beside = npmRun(besideTmp, 'sandbox');
    await beside.shows('AWS gateway at');
    const allBeside = tree(beside.child.pid ?? 0);
    expect(allBeside.length).toBeGreaterThan(3);
    beside.child.kill('SIGINT');
    expect((await beside.ended).code).toBe(130);
    expect(stillAlive(allBeside)).toEqual([]);
    expect(readdirSync(besideTmp)).toEqual([]);
    rmSync(besideTmp, { recursive: true });
    expect((await fetch(page)).status).toBe(200);
    expect(stillAlive(all)).toHaveLength(all.length);

    script.child.kill('SIGTERM');
    const { code } = await script.ended;
    expect(code).not.toBeNull();
    expect(stillAlive(all)).toEqual([]);
    expect(readdirSync(tmp)).toEqual([]);
  });
});
