// Names from the command line, against a real Temporal server.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { upgradeId } from '../../src/domain/ids.ts';
import { plainName } from '../../src/domain/traffic.ts';
import { statusQuery } from '../../workflows/messages.ts';
import { endAll, environmentFile, Files, type Cli } from '../support/cli.ts';
import { json, Theatre } from '../support/cli-theatre.ts';
import { targetGroup } from '../support/readiness.ts';
import { eventually } from '../support/temporal.ts';

const files = new Files();
let theatre: Theatre;
let cli: Cli;
beforeAll(async () => {
  theatre = await Theatre.open(files);
  ({ cli } = theatre);
});
afterAll(async () => {
  endAll();
  await theatre.close();
  files.remove();
});

const [messages] = environmentFile('any').apps;
if (!messages) throw new Error('no app');
const APPS = { apps: [{ ...messages, start: 'owner' as const }] };
const host = 'messages.example.test';

describe.concurrent('dns', () => {
  it('shows whose a name is before its first upgrade, from the file', () =>
    theatre.stage('names', APPS, async ({ name, file }) => {
      const [text, unknown, other, without] = await Promise.all([
        cli.run('dns', 'show', name, host, '--file', file),
        cli.run('dns', 'show', name, 'mesages.example.test', '--file', file),
        cli.run('dns', 'show', 'other', '--file', file),
        cli.run('dns', 'show', name),
      ]);
      expect(text.code).toBe(0);
      expect(text.out).toMatch(/^messages\.example\.test  app messages  zone Z\w+$/m);
      expect(text.out).toMatch(/^ {2}owner {4}eksodus: nobody else claims it$/m);
      expect(text.out).toMatch(
        /^ {2}A AAAA blue stg-1-33 weight 100, 100 % of answers to messages\S+\.elb\.amazonaws\.com$/m,
      );
      expect(text.out).toMatch(/^ {4}targets not known: nobody looked$/m);
      expect(text.out).not.toMatch(/drift|changed/);
      expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining(`It has: ${host}.`) });
      expect(other).toMatchObject({ code: 2, err: expect.stringContaining(`${file} describes ${name}, not other.`) });
      expect(without).toMatchObject({ code: 2, err: expect.stringContaining('describe it with --file FILE') });
      expect(await cli.run('dns', 'adopt', name, host, '--file', file)).toMatchObject({
        code: 0,
        out: expect.stringContaining(`nothing to do: ${host} is ours already`),
      });
      expect(await cli.run('dns', 'release', name, host, '--file', file)).toMatchObject({
        code: 4,
        err: expect.stringContaining('Nothing was changed. To do: say which one with --to-owner'),
      });
    }));

  it('shows how targets are, and what green may get without a weight', () =>
    theatre.stage('sick', APPS, async ({ name, file, world }) => {
      const [blue] = world.records.get(host) ?? [];
      if (!blue) throw new Error('no record');
      const greenTarget = { hostname: 'green.elb.test', hostedZoneId: 'ZLB' };
      const green = { ...blue, setIdentifier: `${name}-1-36`, weight: 0, target: greenTarget };
      world.records.set(
        host,
        [blue, green].map((one) => Object.assign({}, one, { evaluateTargetHealth: true })),
      );
      const because = ['Health checks failed with these codes: [503]'];
      const behind = (hostname: string, healthy: number) => {
        const group = targetGroup({ healthy, unhealthy: 2 - healthy, because: healthy < 2 ? because : [] });
        return { [hostname]: { seen: { hostname, targetGroups: [group] } } };
      };
      const blueName = plainName(blue.target.hostname);
      world.targets = { ...behind(blueName, 2), [greenTarget.hostname]: { unknown: 'not authorized' } };
      const well = await cli.run('dns', 'show', name, host, '--file', file);
      expect(well.out).toMatch(/^ {2}A green sick-1-36 weight 0 to green\.elb\.test, evaluates health$/m);
      expect(well.out).toMatch(/^ {4}targets healthy: k8s-web 2 healthy, 0 initial, 0 unhealthy, 0 draining$/m);
      expect(well.out).toMatch(/^ {4}targets not known: not authorized$/m);
      expect(well.out).toMatch(
        /^ {2}green is a possible receiver: all traffic is its when no target of stg-1-33 is healthy$/m,
      );
      world.targets = { ...behind(blueName, 0), ...behind(greenTarget.hostname, 2) };
      const sick = await cli.run('dns', 'show', name, host, '--file', file);
      expect(sick.out).toMatch(/blue stg-1-33 weight 100, no answers until its targets are healthy again to /);
      expect(sick.out).toMatch(
        /^ {4}targets unhealthy: k8s-web 0 healthy, 0 initial, 2 unhealthy, 0 draining \(Health checks failed with/m,
      );
      expect(sick.out).toMatch(/^ {2}A green sick-1-36 weight 0, 100 % of answers to /m);
      expect(sick.out).toMatch(/^ {2}green is answered though its weight is 0: no record with a weight is healthy$/m);
      const seen = json(await cli.run('dns', 'show', name, host, '--file', file, '--output', 'json'));
      expect(seen.names[0].records).toMatchObject([
        { targets: { health: 'unhealthy', targetGroups: [{ unhealthy: 2, because }] }, receives: { kind: 'possible' } },
        { targets: { health: 'healthy' }, receives: { kind: 'share', percent: 100 } },
      ]);
    }));

  it('shows the last change and what somebody else has edited, and lets no name change hands while its app moves', () =>
    theatre.stage('moved', APPS, async ({ name, world, start }) => {
      await start();
      const upgrade = theatre.temporal.server.client.workflow.getHandle(upgradeId(name));
      await eventually(
        () => upgrade.query(statusQuery),
        ({ apps }) => apps.some(({ hold }) => hold?.kind === 'owner'),
      );
      const published = json(await cli.run('dns', 'show', name, host, '--output', 'json'));
      expect(published.names).toMatchObject([
        { host, greenPercent: 0, lastChange: { what: expect.stringContaining('stg-1-33=100') } },
      ]);
      expect(published.names[0].drift).toBeUndefined();
      for (const record of world.records.get(host) ?? []) Object.assign(record, { weight: 50 });
      const edited = await cli.run('dns', 'show', name);
      expect(edited.out).toMatch(
        /^ {2}drift {4}messages\.example\.test has 50 % on moved-1-36, and its migration gave it 0 %$/m,
      );
      expect(edited.out).toMatch(/^ {2}changed {2}\S+ ago by bootstrap\/moved\/\d+: /m);
      expect(await cli.run('dns', 'adopt', name, host)).toMatchObject({
        code: 4,
        err: expect.stringContaining('messages is being moved (holding)'),
      });
    }));

  it('gives no name away that the rollback of a running upgrade would write', () =>
    theatre.stage('relied', { ...APPS, approvals: ['migrate'] }, async ({ name, start, untilHold }) => {
      await start();
      await untilHold();
      expect(await cli.run('dns', 'release', name, host)).toMatchObject({
        code: 4,
        err: expect.stringContaining('relied is being upgraded, and relies on the names that are ours'),
      });
      expect((await cli.run('dns', 'adopt', name, host)).out).toContain('is ours already');
    }));
});
