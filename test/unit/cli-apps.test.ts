import { describe, expect, it } from 'vitest';
import { viewApps, whereIs, type AppView } from '../../src/client/app-view.ts';
import { renderApp, renderApps } from '../../src/cli/render/app.ts';
import { columnsOf } from '../../src/cli/render/fit.ts';
import { deadlineFor } from '../../src/domain/deadline-days.ts';
import { untouched } from '../../src/domain/deadline.ts';
import { momentAt } from '../../src/domain/moment.ts';
import { needsPerson } from '../../src/domain/hold.ts';
import { parsePercent, parseSteps } from '../../src/cli/steps.ts';
import type { UpgradeStatus } from '../../src/domain/status.ts';
import { action, ago, app, done, hold, NOW, phases, upgrade } from '../support/cli-status.ts';
import { app as inFile } from '../support/environment.ts';

describe('steps on the command line', () => {
  it('are percent and bake', () => {
    expect(parseSteps(['10:30m', '50:1h30m', '100:0s'])).toEqual([
      { greenPercent: 10, bakeSeconds: 1800 },
      { greenPercent: 50, bakeSeconds: 5400 },
      { greenPercent: 100, bakeSeconds: 0 },
    ]);
  });

  it('are told with everything that is wrong, in the words of the environment file', () => {
    expect(() => parseSteps(['10', '20:5', 'half:1h', '120:1 hour', ':1h'])).toThrowErrorMatchingInlineSnapshot(`
      [InputError: "10" bake: is missing. Expected how long the step is watched: a time with its unit, such as 30s, 10m or 1h30m.
      "20:5" bake: found "5". Expected how long the step is watched: a time with its unit, such as 30s, 10m or 1h30m. Write 5s if you mean seconds.
      "half:1h" green: found "half". Expected green's share in percent: a whole number from 1 to 100.
      "120:1 hour" green: 120 is more than 100. Steps go up to 100, and the last one is 100.
      "120:1 hour" bake: found "1 hour". Expected how long the step is watched: a time with its unit, such as 30s, 10m or 1h30m. Write 1h.
      ":1h" green: found "". Expected green's share in percent: a whole number from 1 to 100.
      Write percent:bake, such as 10:30m 50:1h 100:2h.]
    `);
  });

  it('rise to 100', () => {
    expect(() => parseSteps(['50:1h', '50:1h'])).toThrow(
      '"50:1h" green: 50 is not more than the step before, 50. Each step gives green more than the one before.\n' +
        '"50:1h" green: the last step is 50. Steps go up to 100, and the last one is 100.\n',
    );
  });
});

describe('a share on the command line', () => {
  it.each([0, 25, 100])('may be %i', (percent) => {
    expect(parsePercent(String(percent))).toBe(percent);
  });

  it.each(['101', '25%', '2.5', '', 'half', '1e1'])('is not "%s"', (text) => {
    expect(() => parsePercent(text)).toThrow(`"${text}" is no share of the traffic. Expected whole percent`);
  });
});

describe('where an upgrade is, for an app that has not begun', () => {
  const waiting = hold({ kind: 'approval', phase: 'migrate', waitsFor: 'approval of migrate' });
  it.each<[Partial<UpgradeStatus>, string]>([
    [{ phases: phases({ preflight: done(9, 8), provision: { state: 'running' } }) }, 'stg is in phase provision'],
    [{ holds: [waiting] }, 'stg is in phase migrate and waits for approval of migrate'],
    [{ holds: [hold({ app: 'files' })] }, 'stg is in phase migrate'],
    [{ state: 'rolling-back', wayBack: 'taken' }, 'stg is on its way back'],
    [{ state: 'holding', wayBack: 'taken', holds: [waiting] }, 'stg is on its way back'],
    [{ state: 'aborting', wayBack: 'taken' }, 'stg stops where it stands'],
    [{ state: 'aborted', wayBack: 'closed', endedAt: ago(1) }, 'the upgrade of stg has ended: aborted'],
  ])('%j: %s', (change, expected) => {
    expect(whereIs(upgrade(change))).toBe(expected);
  });
});

describe('the apps of an upgrade', () => {
  const inFiles = ['messages', 'files'].map((name) => inFile(name));

  it('are those of the file, also before they begin to move', () => {
    const files = app('files', { state: 'on-green', greenPercent: 100 });
    expect(viewApps(upgrade({ apps: [files] }), inFiles)).toEqual([
      {
        app: 'messages',
        team: 'team-messages',
        state: 'not-begun',
        greenPercent: 0,
        stepIndex: 0,
        stepCount: 3,
        since: upgrade().startedAt,
        history: [],
        actions: [],
      },
      files,
    ]);
  });

  it('hold as long as their upgrade says so', () => {
    const itsOwn = hold({ app: 'files' });
    const files = app('files', { state: 'holding', hold: itsOwn });
    const holds = [hold({ app: 'messages' }), itsOwn];
    expect(viewApps(upgrade({ apps: [files], holds }), inFiles)[1]).toEqual(files);
    expect(viewApps(upgrade({ apps: [files], holds: [] }), inFiles)[1]).not.toHaveProperty('hold');
  });
});

const PINNED = app('payments', {
  state: 'holding',
  greenPercent: 25,
  stepIndex: 1,
  since: ago(180),
  history: [
    {
      greenPercent: 5,
      bakeSeconds: 600,
      askedAt: ago(5000),
      inSyncAt: ago(4960),
      settledAt: ago(4870),
      endedAt: ago(4270),
      verdict: 'passed',
    },
    { greenPercent: 50, bakeSeconds: 600, askedAt: ago(4270), settledAt: ago(4000) },
    {
      greenPercent: 25,
      bakeSeconds: 0,
      askedAt: ago(300),
      settledAt: ago(181),
      endedAt: ago(180),
      verdict: 'promoted',
    },
  ],
  actions: [
    action({ verb: 'start', by: 'bo', at: ago(5100) }),
    action({ verb: 'pin', by: 'ana', at: ago(302), detail: '25 %', reason: 'load test' }),
  ],
  hold: hold({
    kind: 'pinned',
    app: 'payments',
    because: 'ana keeps it at 25 %: load test',
    since: ago(180),
    waitsFor: 'its owner to resume',
    releases: ['eksodus apps resume stg payments', 'eksodus apps abort stg payments', 'eksodus upgrade rollback stg'],
  }),
});
const LIST: readonly AppView[] = [
  { ...app('messages', {}), state: 'not-begun' },
  app('日本語', { state: 'on-green', greenPercent: 100, since: ago(65) }),
  PINNED,
  app('search', {
    state: 'baking',
    greenPercent: 5,
    since: ago(185),
    history: [{ greenPercent: 5, bakeSeconds: 600, askedAt: ago(300) }],
  }),
  app('files', {
    state: 'moving',
    greenPercent: 5,
    stepIndex: 1,
    history: [{ greenPercent: 25, bakeSeconds: 600, askedAt: ago(60) }],
  }),
];

describe('the list of apps', () => {
  const drawn = (width: number): string =>
    renderApps({ upgrade: upgrade(), apps: LIST }, NOW, { width, colour: false });

  it('has a line for each app and something in each column', () => {
    expect(drawn(Infinity)).toMatchInlineSnapshot(`
      "APP       TEAM           STATE      GREEN  STEP  SINCE  HOLD    WAITS FOR
      messages  team-messages  not-begun  0%     -     -      -       stg is in phase migrate
      日本語    team-日本語    on-green   100%   -     1m05s  -       -
      payments  team-payments  holding    25%    -     3m00s  pinned  its owner to resume
      search    team-search    baking     5%     1/4   3m05s  -       the end of its bake of 10m00s
      files     team-files     moving     5%     2/4   1m00s  -       25% on all name servers"
    `);
  });

  it('is cut where the terminal ends', () => {
    const widths = drawn(60).split('\n').map(columnsOf);
    expect([widths.length, Math.max(...widths)]).toEqual([1 + LIST.length, 60]);
  });

  it('stands still after the end of the upgrade', () => {
    const over = upgrade({ state: 'aborted', endedAt: ago(60) });
    const [, line] = renderApps({ upgrade: over, apps: [PINNED] }, NOW, { width: Infinity, colour: false }).split('\n');
    expect(line).toContain(' 2m00s ');
  });
});

describe('one app', () => {
  const drawn = (one: AppView, change: Partial<UpgradeStatus> = {}): string =>
    renderApp({ upgrade: upgrade(change), app: one }, NOW, { width: 100, colour: false });

  it('is shown with its steps, what holds it, and who did what', () => {
    expect(drawn(PINNED)).toMatchInlineSnapshot(`
      "payments  holding 3m00s   ●●●●●●●◆◆◆ 25 % green   team team-payments   stg: 1.33 ●  →  1.36 ◆
      ✓   5 %  passed · everywhere after 2m10s · baked 10m00s of 10m00s
      ■  50 %  stopped · everywhere after 4m30s
      ✓  25 %  promoted · everywhere after 1m59s
      ‖ holding 3m00s · payments · waits for: its owner to resume
        because: ana keeps it at 25 %: load test
        eksodus apps resume stg payments | eksodus apps abort stg payments | eksodus upgrade rollback stg
      1h25m ago: started by bo
      5m02s ago: pinned at 25 % by ana: load test"
    `);
  });

  it.each<[NonNullable<AppView['handover']>, string]>([
    [{ state: 'on-blue', since: ago(60) }, 'workloads run on blue ●'],
    [
      { state: 'stopping', to: 'green', since: ago(8) },
      '▶ workloads go to green: stopped on blue, must be idle there · 8s',
    ],
    [{ state: 'starting', to: 'blue', since: ago(2) }, '▶ workloads go to blue: start there · 2s'],
    [{ state: 'on-green', since: ago(9), gapSeconds: 7 }, 'workloads run on green ◆ · neither cluster ran them for 7s'],
  ])('whose workloads change hands says who runs them: %j', (handover, line) => {
    expect(drawn(app('nightly', { handover })).split('\n')).toContain(line);
  });

  it('says when it begins, by when it must have moved, and when its owner was reminded', () => {
    const due = momentAt(NOW.getTime() - 7_200_000, 'Asia/Tokyo');
    const timing = {
      schedule: {
        moment: momentAt(NOW.getTime() + 86_400_000, 'Asia/Tokyo'),
        by: 'ana',
        opens: 'Mon 2026-11-23 10:00 Asia/Tokyo',
      },
      deadline: {
        ...untouched(deadlineFor(due, { policy: 'block', remindDays: [3] })),
        passed: true,
        reminded: [
          { daysBefore: 3, due: due.local, at: ago(9000), failed: 'no answer' },
          { daysBefore: 0, due: due.local, at: ago(7200) },
        ],
      },
    };
    expect(drawn(app('files', { timing })).split('\n').slice(1, -1)).toEqual([
      'scheduled for Sun 2026-11-22 12:12 Asia/Tokyo by ana, begins when the window opens: Mon 2026-11-23',
      '    10:00 Asia/Tokyo',
      'deadline Sat 2026-11-21 10:12 Asia/Tokyo · overdue by 2 hours · policy block',
      '2h30m ago: reminded 3 days before Sat 2026-11-21 10:12 Asia/Tokyo · could not be sent: no answer',
      '2h00m ago: reminded at its deadline, Sat 2026-11-21 10:12 Asia/Tokyo',
    ]);
  });

  it('that bakes says how long, and one that asks for what', () => {
    expect(
      drawn(app('search', { ...LIST[3], state: 'baking' }))
        .split('\n')
        .slice(0, 2),
    ).toMatchInlineSnapshot(`
      [
        "search  baking 3m05s of 10m00s   ●●●●●●●●●◆ 5 % green   step 1/4   team team-search   stg: 1.33 ●  …",
        "▶   5 %  runs",
      ]
    `);
    expect(
      drawn(app('files', { ...LIST[4], state: 'moving' }))
        .split('\n')
        .slice(0, 2),
    ).toMatchInlineSnapshot(`
      [
        "files  moving 1m00s   ●●●●●●●●●◆ 5 % green, asks for 25 %   step 2/4   team team-files   stg: 1.33 …",
        "▶  25 %  runs",
      ]
    `);
  });

  it.each([
    ['failed', '✗  25 %  failed'],
    ['inconclusive', '?  25 %  could not tell'],
  ] as const)('tells a step that %s', (verdict, expected) => {
    const step = { greenPercent: 25, bakeSeconds: 600, askedAt: ago(60), endedAt: ago(50), verdict };
    expect(drawn(app('files', { state: 'holding', history: [step] }))).toContain(`\n${expected}\n`);
  });

  it.each([
    ['passed', true],
    ['failed', false],
  ] as const)('tells of a step that %s what the gate saw, unless the hold tells it', (verdict, isTold) => {
    const seen = { subject: 'files on stg-1-36', passed: isTold, observed: '4 good', expected: 'so', at: ago(50) };
    const evidence = [{ check: 'analysis errors', ...seen }];
    const step = { greenPercent: 25, bakeSeconds: 600, askedAt: ago(60), endedAt: ago(50), verdict, evidence };
    const lines = drawn(app('files', { state: 'holding', history: [step] })).split('\n');
    expect(lines.includes('    analysis errors of files on stg-1-36: 4 good')).toBe(isTold);
  });

  it('that has not begun says what it waits for; one that was given back says why', () => {
    expect(drawn({ ...app('messages', {}), state: 'not-begun' }).split('\n')).toEqual([
      'messages  not-begun   ●●●●●●●●●● 0 % green   team team-messages   stg: 1.33 ●  →  1.36 ◆',
      'it waits: stg is in phase migrate',
      'nobody has steered it',
    ]);
    expect(drawn(app('files', { state: 'on-blue', failed: 'it answered 503' }))).toContain(
      '\ngiven back to blue 1m00s ago: it answered 503\n',
    );
  });
});

describe('a hold', () => {
  it.each([
    'owner',
    'aborted',
    'pinned',
    'deadline',
    'paused',
    'gate',
    'drift',
    'failure',
    'blocker',
    'approval',
  ] as const)('of kind %s needs a person', (kind) => {
    expect(needsPerson(hold({ kind }))).toBe(true);
  });

  it.each(['window', 'turn', 'schedule', 'ready'] as const)('of kind %s ends by itself', (kind) => {
    expect(needsPerson(hold({ kind }))).toBe(false);
  });
});
