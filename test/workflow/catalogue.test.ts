// What is in no app of the file: a warning before the upgrade, a hold before the old cluster is deleted.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Uncatalogued } from '../../src/domain/catalogue.ts';
import { migrationId, zoneId } from '../../src/domain/ids.ts';
import type { UpgradeStatus } from '../../src/domain/status.ts';
import * as messages from '../../workflows/messages.ts';
import { environment, ZONE } from '../support/environment.ts';
import { FakeWorld } from '../support/fake-world.ts';
import { eventually, TestTemporal } from '../support/temporal.ts';

const by = 'sre@example.test';
const role = 'sre' as const;
const ADMIN: Uncatalogued = {
  subject: 'admin.example.test',
  what: 'CNAME to Ingress shop/admin',
  app: 'admin',
  owner: 'shop',
};
const LATE: Uncatalogued = { ...ADMIN, subject: 'late.example.test', owner: null };

describe('what is in no app of the file', () => {
  let temporal: TestTemporal;
  beforeAll(async () => {
    temporal = await TestTemporal.start();
  });
  afterAll(() => temporal.stop());

  it('is warned of by preflight, looked for anew before the old cluster is deleted, and keeps it until it is gone', async () => {
    const made = environment();
    const world = new FakeWorld(made);
    world.uncatalogued = [ADMIN];
    const result = await temporal.withWorker(world.activities(), async (taskQueue) => {
      const up = await temporal.startUpgrade({ environment: made, startedBy: 'test' }, taskQueue);
      const status = (): Promise<UpgradeStatus> => up.query(messages.statusQuery);
      const waiting = await eventually(status, ({ holds }) => holds.some(({ kind }) => kind === 'approval'));
      expect(waiting.findings.map(({ id, severity, subject }) => ({ id, severity, subject }))).toEqual([
        { id: 'catalogue.missing', severity: 'warning', subject: 'admin.example.test' },
      ]);
      // Somebody made another one while the apps moved.
      world.uncatalogued = [ADMIN, LATE];
      await up.executeUpdate(messages.approveUpdate, { args: [{ by, role, point: 'decommission' }] });
      const held = await eventually(status, ({ holds }) => holds.some(({ kind }) => kind === 'blocker'));
      expect(held).toMatchObject({ state: 'holding', wayBack: 'open' });
      expect(held.holds).toMatchObject([
        {
          kind: 'blocker',
          phase: 'decommission',
          because:
            'would be cut with stg-1-33, and no app has it: admin.example.test (of shop: CNAME to Ingress shop/admin); late.example.test (CNAME to Ingress shop/admin)',
          todo: 'give each to the new cluster or take it off stg-1-33, then resume',
          runbook: 'uncatalogued',
          releases: ['eksodus upgrade resume stg', 'eksodus upgrade rollback stg'],
        },
      ]);
      // Nothing is as it was not before: apps can still be taken back by their owners, and no name was touched.
      expect(world.calls).not.toContain('proveIdle');
      expect(world.calls).not.toContain('writeLiveCluster');
      expect(world.clusters.has('stg-1-33')).toBe(true);

      world.uncatalogued = [LATE];
      await up.executeUpdate(messages.resumeUpdate, { args: [{ by, role }] });
      const still = await eventually(status, ({ holds }) =>
        holds.some(({ because }) => !because.includes(ADMIN.subject)),
      );
      expect(still.holds[0]?.because).toMatch(/no app has it: late\.example\.test \(CNAME/);

      world.uncatalogued = [];
      await up.executeUpdate(messages.resumeUpdate, { args: [{ by, role }] });
      return up.result();
    });
    await temporal.server.client.workflow.getHandle(zoneId(ZONE.id)).terminate();
    expect(result.result).toBe('succeeded');
    expect([...world.clusters.keys()]).toEqual(['stg-1-36']);
  });

  it('keeps no owner from taking an app back meanwhile, which is then waited for again', async () => {
    const made = environment({ name: 'meanwhile', approvals: [] });
    const [app = ''] = made.apps.map(({ name }) => name);
    const world = new FakeWorld(made);
    world.uncatalogued = [ADMIN];
    const result = await temporal.withWorker(world.activities(), async (taskQueue) => {
      const up = await temporal.startUpgrade({ environment: made, startedBy: 'test' }, taskQueue);
      const status = (): Promise<UpgradeStatus> => up.query(messages.statusQuery);
      await eventually(status, ({ holds }) => holds.some(({ kind }) => kind === 'blocker'));
      const moving = temporal.server.client.workflow.getHandle(migrationId(made.name, app));
      const ana = { by: 'ana@example.test', role: 'developer', reason: 'late bug' } as const;
      await moving.executeUpdate(messages.abortUpdate, { args: [ana] });
      await eventually(status, ({ holds }) => holds.some(({ kind }) => kind === 'aborted'));
      world.uncatalogued = [];
      await up.executeUpdate(messages.resumeUpdate, { args: [{ by, role }] });
      const again = await eventually(status, ({ phases }) =>
        phases.some(({ name, state }) => name === 'migrate' && state === 'running'),
      );
      expect(again.phases.find(({ name }) => name === 'decommission')?.state).toBe('pending');
      expect(world.calls).not.toContain('proveIdle');
      await moving.executeUpdate(messages.retryUpdate, { args: [ana] });
      return up.result();
    });
    await temporal.server.client.workflow.getHandle(zoneId(ZONE.id)).terminate();
    expect(result.result).toBe('succeeded');
  });

  it('is looked for no more once the deletion has begun: half a cluster helps nobody', async () => {
    const made = environment({ name: 'late', approvals: [] });
    const world = new FakeWorld(made);
    world.leftovers = [{ kind: 'load balancer', id: 'k8s-shop' }];
    const result = await temporal.withWorker(world.activities(), async (taskQueue) => {
      const up = await temporal.startUpgrade({ environment: made, startedBy: 'test' }, taskQueue);
      const status = (): Promise<UpgradeStatus> => up.query(messages.statusQuery);
      await eventually(status, ({ holds }) => holds.some(({ because }) => because.includes('left behind')));
      world.uncatalogued = [ADMIN];
      world.leftovers = [];
      await up.executeUpdate(messages.resumeUpdate, { args: [{ by, role }] });
      return up.result();
    });
    await temporal.server.client.workflow.getHandle(zoneId(ZONE.id)).terminate();
    expect(result.result).toBe('succeeded');
    expect(world.calls.filter((name) => name === 'findUncatalogued')).toHaveLength(2);
  });
});
