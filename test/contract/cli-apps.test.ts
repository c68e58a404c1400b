// How an app's owner steers its move from the command line, against a real Temporal server.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrationId, upgradeId } from '../../src/domain/ids.ts';
import type { AppStatus } from '../../src/domain/status.ts';
import { statusQuery } from '../../workflows/messages.ts';
import { endAll, environmentFile, Files, type Cli, type Ended } from '../support/cli.ts';
import { BLOCKED, json, Theatre } from '../support/cli-theatre.ts';
import { latch } from '../support/latch.ts';
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

/** One command to the app of an environment. */
const tell = (environment: string, verb: string, ...rest: string[]): Promise<Ended> =>
  cli.run('apps', verb, environment, 'messages', ...rest);
const until = (environment: string, isSo: (app: AppStatus) => boolean): Promise<unknown> => {
  const upgrade = theatre.temporal.server.client.workflow.getHandle(upgradeId(environment));
  return eventually(
    () => upgrade.query(statusQuery),
    ({ apps }) => apps.some(isSo),
  );
};
const holds =
  (kind: string) =>
  ({ hold }: AppStatus): boolean =>
    hold?.kind === kind;
const isOnGreen = ({ state }: AppStatus): boolean => state === 'on-green';
const done = (out: string): Ended => ({ code: 0, out: `${out}\n`, err: '' });
const refused = (why: string): Ended => ({ code: 4, out: '', err: `refused: ${why}\n` });

describe.concurrent('an app', () => {
  it('that waits for its owner is started, paused, resumed, pinned, taken back and moved again', () =>
    theatre.stage('owned', APPS, async ({ name, world, start }) => {
      const spread = latch();
      await start();
      await until(name, holds('owner'));
      const [listed, idle, wrong] = await Promise.all([
        cli.run('apps', 'list', name),
        tell(name, 'retry'),
        cli.run('apps', 'start', name, 'mesages'),
      ]);
      expect(listed.code).toBe(0);
      expect(listed.out).toMatch(/^APP +TEAM +STATE +GREEN +STEP +SINCE +HOLD +WAITS FOR$/m);
      expect(listed.out).toMatch(/^messages +team-messages +holding +0% +1\/2 +\d+s +owner +its start$/m);
      expect(idle).toEqual(refused('nothing of it holds that could be tried again'));
      expect(wrong).toEqual({ code: 2, out: '', err: 'owned has no app mesages. It has: messages.\n' });

      world.before = (activity) => (activity === 'awaitInSync' ? spread.opened : undefined);
      expect(await tell(name, 'start', '--by', 'ana')).toEqual(done('messages moves as soon as it may'));
      await until(name, ({ state }) => state === 'moving');
      const [paused, again] = await Promise.all([tell(name, 'pause', '--reason', 'a release'), tell(name, 'start')]);
      expect(paused).toMatchObject({ code: 0, out: expect.stringMatching(/^messages is paused: /) });
      expect(again).toEqual(refused('it has been started already'));
      spread.open();
      await until(name, holds('paused'));
      const shown = await tell(name, 'show');
      expect({ code: shown.code, err: shown.err }).toEqual({ code: 3, err: '' });
      expect(shown.out).toMatch(/^messages {2}holding \d+s {3}●●●●●◆◆◆◆◆ 50 % green {3}step 1\/2 /);
      expect(shown.out).toMatch(/^✓ {2}50 % {2}(?:passed|promoted) · /m);
      expect(shown.out).toMatch(/^\d+s ago: started by ana\n\d+s ago: paused by sre: a release\n$/m);

      expect(await tell(name, 'resume')).toEqual(done('messages goes on with its steps'));
      await until(name, isOnGreen);
      const pinned = await tell(name, 'pin', '25', '--reason', 'load test', '--by', 'ana', '-o', 'json');
      expect(json(pinned)).toEqual({ now: 'messages goes to the weight and stays there until it is resumed' });
      await until(name, holds('pinned'));
      expect(world.weights(host)).toEqual({ 'stg-1-33': 75, 'owned-1-36': 25 });
      const [inJson, status] = await Promise.all([
        tell(name, 'show', '--output', 'json'),
        cli.run('upgrade', 'status', name),
      ]);
      expect(inJson.code).toBe(3);
      expect(json(inJson)).toMatchObject({ app: 'messages', greenPercent: 25, hold: { kind: 'pinned' } });
      expect(status.out).toMatch(/^ +\d+s ago: pinned at 25 % by ana: load test$/m);
      expect(await tell(name, 'resume')).toMatchObject({ code: 0 });
      await until(name, isOnGreen);

      expect(await tell(name, 'abort', '--reason', 'slow')).toMatchObject({
        code: 2,
        err: 'All traffic of messages in owned goes back to the old cluster. Nobody is here to confirm it: add --yes.\n',
      });
      const asked = cli.onTerminal('apps', 'abort', name, 'messages', '--reason', 'slow');
      await asked.until(/Type messages to go on: /);
      asked.type('messages\r');
      expect((await asked.ended).code).toBe(0);
      await until(name, holds('aborted'));
      expect(world.weights(host)).toEqual({ 'stg-1-33': 100, 'owned-1-36': 0 });
      expect(await tell(name, 'abort', '--reason', 'slow', '--yes')).toEqual(refused('all of its traffic is on blue'));
      expect(await tell(name, 'retry')).toEqual(done('messages tries again what held'));
      await until(name, isOnGreen);

      await theatre.temporal.server.client.workflow.getHandle(migrationId(name, 'messages')).terminate();
      expect(await tell(name, 'pause')).toEqual(
        refused(
          'the move of messages has ended: on-green at 100 % green. Nothing was changed. See what owned does: eksodus upgrade status owned',
        ),
      );
    }));

  it('is given other steps, and a step that bakes is ended', () =>
    theatre.stage('stepped', { ...APPS, steps: [{ green: 100, bake: '0s' }] }, async ({ name, start }) => {
      await start();
      await until(name, holds('owner'));
      expect(await tell(name, 'steps', '10:1h', '100:0s')).toEqual(done('messages has new steps'));
      await tell(name, 'start');
      await until(name, ({ state }) => state === 'baking');
      const [listed, low] = await Promise.all([cli.run('apps', 'list', name), tell(name, 'steps', '5:0s', '100:0s')]);
      expect(listed.out).toMatch(/^messages .* baking +10% .* - +the end of its bake of 1h00m$/m);
      expect(low).toEqual(refused('5 is not more than 10, which comes before: each step gives green more'));
      expect(await tell(name, 'promote', '--reason', 'no time')).toEqual(done('messages goes on to its next step'));
      await until(name, isOnGreen);
      expect((await tell(name, 'show')).out).toMatch(/^✓ {2}10 % {2}promoted · /m);
    }));

  it('is scheduled, is among the stragglers, and asks for a later deadline', () => {
    const window = { timeZone: 'Asia/Tokyo', hours: ['Mon-Fri 10:00-17:00'] };
    const deadline = { at: '2099-12-04 18:00', timeZone: 'Asia/Tokyo', policy: 'block' as const };
    return theatre.stage('planned', { ...APPS, window, deadline }, async ({ name, file, start }) => {
      expect(await cli.run('upgrade', 'start', '--file', file, '--role', 'developer')).toEqual(
        refused('upgrade start is not for the role developer: it is given by sre or admin'),
      );
      await start();
      expect(await cli.run('upgrade', 'pause', name, '--role', 'approver')).toEqual(
        refused('upgrade pause is not for the role approver: it is given by sre or admin'),
      );
      await until(name, holds('owner'));
      const [past, skipped, nobodys, listless] = await Promise.all([
        tell(name, 'schedule', '2026-01-05 10:00 Asia/Tokyo'),
        tell(name, 'schedule', '2027-03-28 02:30 Europe/Berlin'),
        tell(name, 'start', '--role', 'viewer'),
        tell(name, 'start', '--role', 'sre'),
      ]);
      expect(past).toEqual(refused('Mon 2026-01-05 10:00 Asia/Tokyo is past'));
      expect(skipped).toMatchObject({ code: 2, err: expect.stringContaining('skip 02:30 on 2027-03-28') });
      expect(nobodys).toEqual(refused('apps start is not for the role viewer: it is given by developer, sre or admin'));
      expect(listless).toEqual(refused("it is team-messages's to start, says the policy of its deadline: block"));

      // A Saturday, on which the window is shut.
      expect(await tell(name, 'schedule', '2099-12-05T10:00+09:00', '--by', 'ana')).toEqual(
        done(
          'messages begins Mon 2099-12-07 10:00 +09:00, when the window opens, which is shut Sat 2099-12-05 10:00 +09:00; its deadline comes before that: Fri 2099-12-04 18:00 Asia/Tokyo',
        ),
      );
      await until(name, holds('schedule'));
      const [shown, listed, status, late] = await Promise.all([
        tell(name, 'show'),
        cli.run('apps', 'list', name),
        cli.run('upgrade', 'status', name),
        cli.run('apps', 'stragglers', name),
      ]);
      // Nobody needs to do anything.
      expect(shown).toMatchObject({ code: 0 });
      expect(shown.out).toMatch(
        /^scheduled for Sat 2099-12-05 10:00 \+09:00 by ana, begins when the window opens: Mon 2099-12-07 10:00 \+09:00$/m,
      );
      expect(shown.out).toMatch(/^deadline Fri 2099-12-04 18:00 Asia\/Tokyo · \d+ days left · policy block$/m);
      expect(shown.out).toMatch(/^\d+s ago: scheduled for Sat 2099-12-05 10:00 \+09:00 by ana$/m);
      expect(listed.out).toMatch(/^messages .* schedule +its time: Mon 2099-12-07 10:00 \+09:00$/m);
      expect(status.out).toContain('deadline Fri 2099-12-04 18:00 Asia/Tokyo');
      expect(late.out).toMatch(
        /^messages +team-messages +0% +Fri 2099-12-04 18:00 Asia\/Tokyo +\d+ days left +\d+s +scheduled for Sat 2099-12-05 10:00 \+09:00$/m,
      );

      const later = '2099-12-11 18:00 Asia/Tokyo';
      expect(await tell(name, 'extend', later, '--reason', 'a sale', '--by', 'ana')).toEqual(
        done(
          'messages asks for Fri 2099-12-11 18:00 Asia/Tokyo; until that is granted Fri 2099-12-04 18:00 Asia/Tokyo stands',
        ),
      );
      const granting = ['--reason', 'as agreed', '--by', 'hana'];
      expect(await tell(name, 'grant-extension', ...granting, '--role', 'developer')).toEqual(
        refused('apps grant-extension is not for the role developer: it is given by sre, approver or admin'),
      );
      expect(await tell(name, 'grant-extension', ...granting)).toEqual(
        done('the deadline of messages is Fri 2099-12-11 18:00 Asia/Tokyo'),
      );
      expect(await tell(name, 'unschedule')).toEqual(done('messages is not scheduled any more'));
      const [stragglers, again] = await Promise.all([
        cli.run('apps', 'stragglers', name, '-o', 'json'),
        tell(name, 'refuse-extension', '--reason', 'no'),
      ]);
      expect(json(stragglers)).toMatchObject({
        environment: name,
        stragglers: [
          {
            app: 'messages',
            due: { at: '2099-12-11T09:00:00.000Z', timeZone: 'Asia/Tokyo' },
            overdue: false,
            reason: 'not started',
          },
        ],
      });
      expect(again).toEqual(refused('nobody has asked for a later deadline'));
      expect((await tell(name, 'show')).out).toMatch(
        /^\d+s ago: extended to Fri 2099-12-11 18:00 Asia\/Tokyo by hana \(sre\): as agreed$/m,
      );
    });
  });

  it('that does not move yet is shown, and takes no command: a migration of an earlier upgrade is none of this one', () =>
    theatre.stage('early', BLOCKED, async ({ name, start, untilHold }) => {
      const { workflow } = theatre.temporal.server.client;
      const earlier = await workflow.start('migration', {
        workflowId: migrationId(name, 'messages'),
        taskQueue: 'nobody',
        args: [],
      });
      await earlier.terminate();
      await start();
      await untilHold();
      const where = 'early is in phase preflight and waits for somebody to mend the cause and resume';
      const [listed, shown, started, other] = await Promise.all([
        cli.run('apps', 'list', name),
        tell(name, 'show'),
        tell(name, 'start'),
        cli.run('apps', 'pause', name, 'files'),
      ]);
      expect(listed.out).toMatch(new RegExp(`^messages +team-messages +not-begun +0% +- +- +- +${where}$`, 'm'));
      expect(shown).toMatchObject({ code: 0, out: expect.stringContaining(`it waits: ${where}\n`) });
      const notYet = `does not move yet: ${where}. See it begin: eksodus upgrade watch early`;
      expect([started, other]).toEqual([refused(`messages ${notYet}`), refused(`files ${notYet}`)]);

      await cli.run('upgrade', 'abort', name, '--yes');
      await cli.run('upgrade', 'watch', name);
      expect(await tell(name, 'start')).toEqual(
        refused('the upgrade of early has ended: aborted. Nothing was changed.'),
      );
    }));

  it('of an environment that nobody knows is told with what to do', async () => {
    const err = 'no upgrade of nowhere is known. Is the name right? To start one: eksodus upgrade start --file FILE\n';
    expect(await tell('nowhere', 'pause')).toEqual({ code: 2, out: '', err });
  });
});
