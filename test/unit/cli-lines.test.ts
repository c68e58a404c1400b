import { describe, expect, it } from 'vitest';
import { changedLines } from '../../src/cli/render/lines.ts';
import { deadlineFor } from '../../src/domain/deadline-days.ts';
import { untouched } from '../../src/domain/deadline.ts';
import { momentAt } from '../../src/domain/moment.ts';
import type { AppAction, AppStatus, UpgradeStatus } from '../../src/domain/status.ts';
import { action, ago, app, done, hold, NOW, phases, upgrade } from '../support/cli-status.ts';

const lines = (before: UpgradeStatus | undefined, now: UpgradeStatus): string[] => changedLines(before, now, NOW);

describe('the first look', () => {
  it('tells all that has happened, each at its own moment', () => {
    const status = upgrade({
      state: 'holding',
      apps: [app('messages', { state: 'holding', stepIndex: 2, since: ago(720) })],
      holds: [hold({ app: 'messages' })],
      findings: [
        {
          id: 'version.extended-support',
          severity: 'warning',
          subject: '1.36',
          what: 'standard support ended 2026-11-01',
          todo: 'consider a newer version',
          seenAt: ago(2430),
        },
      ],
    });
    expect(lines(undefined, status).join('\n')).toMatchInlineSnapshot(`
      "2026-11-21T02:31:00.000Z upgrade to 1.36 on stg-1-36, started by sre@example.com  env=stg state=running
      2026-11-21T02:31:30.000Z warning version.extended-support · 1.36: standard support ended 2026-11-01; consider a newer version  env=stg finding=version.extended-support severity=warning
      2026-11-21T02:31:38.000Z phase 1/7 preflight done after 38s  env=stg phase=preflight state=done
      2026-11-21T02:40:50.000Z cluster stg-1-36 done after 9m12s  env=stg phase=provision state=done
      2026-11-21T02:44:31.000Z node group general done after 3m41s: 3 nodes  env=stg phase=provision state=done
      2026-11-21T02:44:40.000Z phase 2/7 provision done after 13m02s  env=stg phase=provision state=done
      2026-11-21T02:49:10.000Z phase 3/7 bootstrap done after 4m30s  env=stg phase=bootstrap state=done
      2026-11-21T02:50:22.000Z phase 4/7 verify done after 1m12s  env=stg phase=verify state=done
      2026-11-21T02:50:22.000Z phase 5/7 migrate running  env=stg phase=migrate state=running
      2026-11-21T03:00:00.000Z messages holding at 0 % green  env=stg app=messages green=0 step=3/4 state=holding
      2026-11-21T03:00:00.000Z holding: http of messages: 31 of 200 answers failed, expected none; its traffic is back on blue · waits for a second try from the first step · eksodus upgrade resume stg | eksodus upgrade rollback stg  env=stg hold=gate phase=migrate app=messages"
    `);
  });

  it('says that the upgrade is on its way back or has ended', () => {
    expect(lines(undefined, upgrade({ state: 'rolling-back' })).at(-1)).toBe(
      '2026-11-21T03:12:00.000Z upgrade rolling-back  env=stg state=rolling-back',
    );
    const ended = upgrade({ state: 'aborted', endedAt: ago(1), outcome: 'stopped by sre: not today' });
    expect(lines(undefined, ended).at(-1)).toBe(
      '2026-11-21T03:11:59.000Z aborted: stopped by sre: not today  env=stg state=aborted',
    );
  });
});

/** An app that has asked for a share, and has another one until every name server knows. */
const moving = (greenPercent: number, asked: number): AppStatus =>
  app('messages', {
    state: 'moving',
    greenPercent,
    since: NOW.toISOString(),
    history: [{ greenPercent: asked, bakeSeconds: 600, askedAt: ago(1) }],
  });

describe('an app', () => {
  const told = (now: AppStatus): string | undefined => lines(upgrade(), upgrade({ apps: [now] }))[0]?.split('Z ')[1];

  it('is told by the share that it asks for, and then by the one that it has', () => {
    expect(told(moving(5, 25))).toBe(
      'messages asks for 25 % green  env=stg app=messages green=5 step=1/4 state=moving',
    );
    expect(told(moving(25, 25))).toMatch(/^messages at 25 % green /);
    expect(told({ ...moving(25, 25), state: 'baking' })).toMatch(/^messages baking at 25 % green /);
  });

  it('that goes back is not told by the share that it loses', () => {
    expect(told({ ...moving(25, 25), state: 'reversing' })).toMatch(/^messages gives its traffic back to blue /);
    expect(told({ ...moving(0, 25), state: 'on-blue' })).toMatch(/^messages on-blue at 0 % green /);
  });
});

describe('later looks', () => {
  it('tell nothing when nothing changed', () => {
    const status = upgrade({ apps: [app('messages', {})], holds: [hold({})] });
    expect(lines(status, structuredClone(status))).toEqual([]);
  });

  it.each<[string, UpgradeStatus, UpgradeStatus, string[]]>([
    [
      'a weight',
      upgrade({ apps: [moving(0, 5)] }),
      upgrade({ apps: [moving(5, 5)] }),
      ['messages at 5 % green  env=stg app=messages green=5 step=1/4 state=moving'],
    ],
    [
      'a pause, and its end',
      upgrade({ state: 'paused' }),
      upgrade({ state: 'running' }),
      ['upgrade running  env=stg state=running'],
    ],
    [
      'a way back',
      upgrade({ state: 'holding' }),
      upgrade({ state: 'rolling-back' }),
      ['upgrade rolling-back  env=stg state=rolling-back'],
    ],
    ['a hold that ended', upgrade({ holds: [hold({})] }), upgrade(), []],
    [
      'a phase that is tried again',
      upgrade({ phases: phases({ provision: { state: 'failed', startedAt: ago(600), endedAt: ago(500) } }) }),
      upgrade({ phases: phases({ provision: { state: 'running', startedAt: ago(600), endedAt: ago(500) } }) }),
      ['phase 2/7 provision running  env=stg phase=provision state=running'],
    ],
  ])('tell of %s', (_, before, now, expected) => {
    expect(lines(before, now)).toEqual(expected.map((line) => `${NOW.toISOString()} ${line}`));
  });

  it('tell of work that is done once more', () => {
    const work = (from: number, to: number) =>
      upgrade({
        phases: phases({
          provision: {
            ...done(600, 10),
            items: [{ name: 'cluster', state: 'done', startedAt: ago(from), endedAt: ago(to) }],
          },
        }),
      });
    expect(lines(work(600, 500), work(400, 100))).toEqual([
      '2026-11-21T03:10:20.000Z cluster done after 5m00s  env=stg phase=provision state=done',
    ]);
  });

  it('tell what people did with an app, each once', () => {
    const started = action({ verb: 'start', by: 'bo', at: ago(90) });
    const pinned = action({ verb: 'pin', by: 'ana\nof chat', detail: '25 %', reason: 'load test', at: ago(30) });
    const acted = (...actions: AppAction[]) => upgrade({ apps: [app('messages', { actions })] });
    expect(lines(acted(started), acted(started, pinned))).toEqual([
      '2026-11-21T03:11:30.000Z messages pinned at 25 % by ana of chat: load test  env=stg app=messages action=pin',
    ]);
    const again = { ...started, at: ago(10) };
    expect(lines(acted(started), acted(started, again))).toHaveLength(1);
    expect(lines(undefined, acted(started)).join('\n')).toContain(' messages started by bo  env=stg app=messages');
  });

  it('tell each reminder once', () => {
    const due = momentAt(NOW.getTime(), 'UTC');
    const reminded = (...daysBefore: number[]) => {
      const sent = daysBefore.map((days) => ({ daysBefore: days, due: due.local, at: ago(10 + days) }));
      const deadline = { ...untouched(deadlineFor(due, { policy: 'auto', remindDays: [] })), reminded: sent };
      return upgrade({ apps: [app('messages', { timing: { deadline } })] });
    };
    expect(lines(reminded(7), reminded(7, 1))).toEqual([
      '2026-11-21T03:11:49.000Z messages reminded 1 day before Sat 2026-11-21 03:12 UTC  env=stg app=messages reminder=1',
    ]);
    expect(lines(reminded(7, 1), reminded(7, 1))).toEqual([]);
  });

  it('tell with a hold what mends its cause, and where that is explained', () => {
    const advised = hold({ because: 'AccessDenied', todo: 'give the permission', runbook: 'cloud-denied' });
    expect(lines(upgrade(), upgrade({ holds: [advised] }))[0]).toContain(
      'holding: AccessDenied · waits for a second try from the first step · give the permission · see docs/runbooks/cloud-denied.md · eksodus upgrade resume stg |',
    );
  });

  it('are one line each, whatever others wrote', () => {
    const [line = '', ...more] = lines(upgrade(), upgrade({ holds: [hold({ because: 'first\nsecond\u001B[2J' })] }));
    expect(more).toEqual([]);
    expect(line).toMatch(/ holding: first second \[2J · waits for .* {2}env=stg hold=gate phase=migrate$/);
  });
});
