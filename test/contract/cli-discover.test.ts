// `eksodus apps discover` as people and scripts meet it.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { heartbeat } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { LeadingName } from '../../src/domain/catalogue.ts';
import { discoverId } from '../../src/domain/ids.ts';
import type { Receiver } from '../../src/domain/receiver.ts';
import { endAll, environmentFile, Files } from '../support/cli.ts';
import { Theatre, type Stage } from '../support/cli-theatre.ts';
import { latch } from '../support/latch.ts';

/** A namespace in which no worker is. */
const LONELY = 'lonely';

const files = new Files();
let theatre: Theatre;
beforeAll(async () => {
  theatre = await Theatre.open(files, ['--namespace', LONELY]);
});
afterAll(async () => {
  endAll();
  await theatre.close();
  files.remove();
});

const receiver = (name: string): Receiver => ({
  kind: 'Ingress',
  namespace: name,
  name,
  app: name,
  application: `${name}-stg-1-33`,
  platform: false,
  owner: `team-${name}`,
  hosts: [`${name}.example.test`],
  loadBalancers: [`${name}.elb.test`],
  healthPath: '/healthz',
});
const leading = (name: string, zoneId: string): LeadingName => ({
  name: `${name}.example.test`,
  zoneId,
  records: ['CNAME'],
  to: `${name}.elb.test`,
  owner: 'others',
});
const receives = (zoneId: string) => ({
  receivers: ['admin', 'messages'].map(receiver),
  loadBalancers: [],
  delegated: [],
  names: ['admin', 'messages'].map((name) => leading(name, zoneId)),
});

describe.concurrent('apps discover', () => {
  const stage = (name: string, body: (on: Stage) => Promise<void>): Promise<void> =>
    theatre.stage(name, {}, async (on) => {
      on.world.receives = receives(on.environment.zones[0]?.id ?? '');
      await body(on);
    });

  it('looks by the environment file, and says on standard error what it does', () =>
    stage('byfile', async ({ name, file, world }) => {
      const [said, goOn] = [latch(), latch()];
      world.before = async (activity) => {
        if (activity !== 'gatherCatalogue') return;
        const beating = setInterval(() => heartbeat({ doing: 'reading the records of example.test' }), 100);
        await goOn.opened.finally(() => clearInterval(beating));
      };
      const looking = theatre.cli.begin('apps', 'discover', name, '--file', file);
      looking.child.stderr?.on('data', () => said.open());
      await said.opened;
      goOn.open();
      const { code, out, err } = await looking.ended;
      expect({ code, err }).toEqual({ code: 0, err: 'reading the records of example.test …\n' });
      expect(out).toMatch(/^APP +OWNER +IN FILE +BY +HOST/);
      expect(out).toMatch(/\nadmin +team-admin +no +Ingress admin\/admin +admin\.example\.test +CNAME +others\n/);
      expect(out).toMatch(/\nmessages +team-messages +yes /);
      expect(out).toContain('in the file, and not on stg-1-33: files\n');
      expect(out).toContain('✗ admin.example.test · of team-admin · CNAME to Ingress admin/admin, records of others\n');
      expect(out).not.toContain('✗ messages');
    }));

  it('takes the environment as its latest upgrade was given it, where no file is named', () =>
    stage('byupgrade', async ({ name, start }) => {
      const before = await theatre.cli.run('apps', 'discover', name);
      expect(before).toMatchObject({
        code: 2,
        out: '',
        err: `no upgrade of ${name} is known. Name its file: eksodus apps discover ${name} --file FILE\n`,
      });
      await start();
      const { code, out, err } = await theatre.cli.run('apps', 'discover', name, '--output', 'json');
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(JSON.parse(out)).toMatchObject({
        cluster: 'stg-1-33',
        entries: [
          { app: 'admin', known: false, hosts: ['admin.example.test'] },
          { app: 'messages', known: true },
        ],
        uncatalogued: [{ subject: 'admin.example.test', owner: 'team-admin' }],
      });
    }));

  it('writes what the file has not to a new file, and never over one that is there', () =>
    stage('writes', async ({ name, file }) => {
      const target = join(files.dir, 'more.yaml');
      const args = ['apps', 'discover', name, '--file', file] as const;
      const first = await theatre.cli.run(...args, '--write', target);
      expect(first.code).toBe(0);
      expect(first.out).toContain(`written to ${target}`);
      const text = readFileSync(target, 'utf8');
      expect(parse(text).apps).toMatchObject([{ name: 'admin', hosts: ['admin.example.test'] }]);
      expect(parse((await theatre.cli.run(...args, '--output', 'yaml')).out)).toEqual(parse(text));
      const second = await theatre.cli.run(...args, '--write', file);
      expect(second).toMatchObject({ code: 2, out: '' });
      expect(second.err).toBe(
        `--write is "${file}", which is there already; expected a new file. Nothing was asked.\n`,
      );
      const nowhere = join(files.dir, 'no', 'such.yaml');
      expect(await theatre.cli.run(...args, '--write', nowhere)).toMatchObject({ code: 2 });
      expect(existsSync(nowhere)).toBe(false);
    }));

  it('refuses the file of another environment', () =>
    stage('other', async ({ file }) => {
      const { code, err } = await theatre.cli.run('apps', 'discover', 'stg', '--file', file);
      expect({ code, err }).toEqual({
        code: 2,
        err: `--file is "${file}", the file of other; expected that of stg.\n`,
      });
    }));

  it('says why it could not look, and while it is tried again', () =>
    stage('fails', async ({ name, file, world }) => {
      let attempt = 0;
      world.before = () => {
        attempt += 1;
        if (attempt < 3)
          throw ApplicationFailure.retryable('API server of stg-1-33: no answer in time', 'k8s.unreachable');
        throw ApplicationFailure.nonRetryable('SSM parameter /live names no cluster', 'input.invalid');
      };
      const { code, out, err } = await theatre.cli.run('apps', 'discover', name, '-f', file);
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).toContain('trying again after 1 of: API server of stg-1-33: no answer in time …\n');
      expect(err).toMatch(/the look at fails failed: SSM parameter \/live names no cluster\n$/);
    }));

  it('refuses a second look at the same time, and ends its own with Ctrl-C', () =>
    stage('twice', async ({ name, file, world }) => {
      const begun = latch();
      const never = latch();
      world.before = async () => {
        begun.open();
        await never.opened;
      };
      const first = theatre.cli.begin('apps', 'discover', name, '-f', file);
      await begun.opened;
      const second = await theatre.cli.run('apps', 'discover', name, '-f', file);
      expect(second).toMatchObject({ code: 4, err: expect.stringContaining('somebody looks at twice already') });
      first.child.kill('SIGINT');
      const { code, err } = await first.ended;
      expect({ code, err }).toEqual({ code: 1, err: 'the look at twice was given up. Nothing was changed.\n' });
      const { status } = await theatre.temporal.server.client.workflow.getHandle(discoverId(name)).describe();
      expect(status.name).toBe('TERMINATED');
      never.open();
    }));

  it('without a worker says so at once', async () => {
    const file = files.write('lonely.yaml', environmentFile('lonely'));
    const { code, err } = await theatre.cliIn(LONELY).run('apps', 'discover', 'lonely', '--file', file);
    expect(err).toContain('no worker is running for lonely. Start one: eksodus worker\n');
    expect(code).toBe(5);
  });
});
