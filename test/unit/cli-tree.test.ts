import { describe, expect, it } from 'vitest';
import { columnsOf } from '../../src/cli/render/fit.ts';
import { renderTree } from '../../src/cli/render/tree.ts';
import { deadlineFor } from '../../src/domain/deadline-days.ts';
import { untouched } from '../../src/domain/deadline.ts';
import { momentAt } from '../../src/domain/moment.ts';
import type { AppStatus, PhaseStatus, UpgradeStatus } from '../../src/domain/status.ts';
import { action, ago, app, done, hold, NOW, phases, upgrade } from '../support/cli-status.ts';

const drawn = (status: UpgradeStatus, width = 80): string => renderTree(status, NOW, { width, colour: false });
const lastLine = (status: UpgradeStatus): string | undefined => drawn(status, Infinity).split('\n').at(-1);

const APPS = [
  app('messages', { state: 'holding', greenPercent: 0, stepIndex: 2, since: ago(720) }),
  app('files', { state: 'on-green', greenPercent: 100, stepIndex: 3, since: ago(65) }),
  app('payments', {
    state: 'baking',
    greenPercent: 25,
    stepIndex: 1,
    since: ago(185),
    history: [{ greenPercent: 25, bakeSeconds: 600, askedAt: ago(300) }],
  }),
];
const HELD = upgrade({ state: 'holding', apps: APPS, holds: [hold({ app: 'messages' })] });

describe('an upgrade that holds', () => {
  it('says at 80 columns what is true, why, and what releases it', () => {
    expect(drawn(HELD)).toMatchInlineSnapshot(`
      "stg  holding   1.33 ● stg-1-33  →  1.36 ◆ stg-1-36   started 41m00s ago by sre@…
      ✓ preflight        38s
      ✓ provision     13m02s   cluster stg-1-36 9m12s · node group general 3m41s
      ✓ bootstrap      4m30s
      ✓ verify         1m12s
      ▶ migrate       21m38s   1/3 apps on green
          messages     ●●●●●●●●●●   0 %  holding · step 3/4 · 12m00s · team team-mess…
          files        ◆◆◆◆◆◆◆◆◆◆ 100 %  on-green · 1m05s · team team-files
          payments     ●●●●●●●◆◆◆  25 %  baking · step 2/4 · 3m05s of 10m00s · team t…
      · soak
      · decommission
      ‖ holding 12m00s · messages · waits for: a second try from the first step
        because: http of messages: 31 of 200 answers failed, expected none; its
          traffic is back on blue
        eksodus upgrade resume stg | eksodus upgrade rollback stg
      go back at any time: eksodus upgrade rollback stg"
    `);
  });

  it('loses no word of the reason and of the commands at 60 columns', () => {
    expect(drawn(HELD, 60)).toMatchInlineSnapshot(`
      "stg  holding   1.33 ● stg-1-33  →  1.36 ◆ stg-1-36   starte…
      ✓ preflight        38s
      ✓ provision     13m02s   cluster stg-1-36 9m12s · node grou…
      ✓ bootstrap      4m30s
      ✓ verify         1m12s
      ▶ migrate       21m38s   1/3 apps on green
          messages     ●●●●●●●●●●   0 %  holding · step 3/4 · 12m…
          files        ◆◆◆◆◆◆◆◆◆◆ 100 %  on-green · 1m05s · team …
          payments     ●●●●●●●◆◆◆  25 %  baking · step 2/4 · 3m05…
      · soak
      · decommission
      ‖ holding 12m00s · messages · waits for: a second try from
          the first step
        because: http of messages: 31 of 200 answers failed,
          expected none; its traffic is back on blue
        eksodus upgrade resume stg | eksodus upgrade rollback stg
      go back at any time: eksodus upgrade rollback stg"
    `);
  });

  it('never draws a line wider than the terminal', () => {
    const long = 'x'.repeat(130);
    const status = upgrade({
      startedBy: long,
      apps: [app(long, { state: 'moving' }), app('日本語の名前', { team: '障害対応'.repeat(20) })],
      holds: [hold({ because: `障害 ${long} 🔥🔥`, waitsFor: long })],
      findings: [{ id: 'a.b', severity: 'warning', subject: long, what: long, todo: long, seenAt: ago(1) }],
    });
    for (const width of [20, 37, 60, 80]) {
      const widths = drawn(status, width).split('\n').map(columnsOf);
      expect(Math.max(...widths)).toBe(width);
    }
  });

  it('has as many lines as it counts, whatever others wrote', () => {
    const nasty = hold({ because: 'first\nsecond\r\n\u001B[2Jthird\u2028fourth' });
    expect(drawn(upgrade({ holds: [nasty] }), Infinity)).toContain('  because: first second [2Jthird fourth\n');
  });

  it('says what mends the cause, and where that is explained', () => {
    const advised = hold({ todo: 'give the permission', runbook: 'cloud-denied' });
    expect(drawn(upgrade({ holds: [advised] }), Infinity)).toContain(
      '\n  to do: give the permission · see docs/runbooks/cloud-denied.md\n  eksodus upgrade resume stg |',
    );
  });

  it('shows beside the share that an app has the one that it asks for', () => {
    const history = [{ greenPercent: 25, bakeSeconds: 600, askedAt: ago(60) }];
    const asking = app('messages', { state: 'moving', greenPercent: 5, stepIndex: 1, history });
    expect(drawn(upgrade({ apps: [asking] }))).toContain('◆   5 %  asks for 25 % · step 2/4 · 1m00s');
    expect(drawn(upgrade({ apps: [{ ...asking, greenPercent: 25 }] }))).toContain('◆  25 %  moving · step 2/4 · 1m00s');
  });

  it('tells a pause of many apps once, since the first', () => {
    const paused = ['messages', 'files'].map((name, index) =>
      hold({
        kind: 'paused',
        app: name,
        because: 'its owner paused it',
        waitsFor: 'resume',
        since: ago(60 - index),
        releases: [`eksodus apps resume stg ${name}`, 'eksodus upgrade rollback stg'],
      }),
    );
    expect(
      drawn(upgrade({ state: 'paused', holds: paused }))
        .split('\n')
        .slice(-4),
    ).toMatchInlineSnapshot(`
      [
        "‖ holding 1m00s · messages, files · waits for: resume",
        "  because: its owner paused it",
        "  eksodus apps resume stg APP | eksodus upgrade rollback stg",
        "go back at any time: eksodus upgrade rollback stg",
      ]
    `);
  });
});

describe('a hold of one app', () => {
  it('names the commands to that app', () => {
    const owner = hold({ kind: 'owner', app: 'stg', releases: ['eksodus apps start stg stg'] });
    expect(drawn(upgrade({ holds: [owner] }))).toContain('\n  eksodus apps start stg stg\n');
  });
});

describe('an app that its owner steers', () => {
  const step = { greenPercent: 25, bakeSeconds: 0, askedAt: ago(170), verdict: 'promoted' } as const;
  const pinned = hold({ kind: 'pinned', app: 'messages' });
  const line = (change: Partial<AppStatus>): string[] =>
    drawn(upgrade({ apps: [app('messages', { greenPercent: 25, stepIndex: 1, ...change })] }), Infinity)
      .split('\n')
      .slice(6, -3);

  it('shows what was done last, at which share it was pinned, and by whom if not by its owner', () => {
    const actions = [action({ verb: 'start' }), action({ verb: 'pin', detail: '25 %', reason: 'load test' })];
    expect(line({ state: 'holding', hold: pinned, history: [step], actions })).toEqual([
      '    messages     ●●●●●●●◆◆◆  25 %  holding · 1m00s · team team-messages',
      '      3m00s ago: pinned at 25 % by ana: load test',
    ]);
    const promoted = [...actions, action({ verb: 'promote', role: 'sre', at: ago(171) })];
    expect(line({ state: 'moving', history: [step], actions: promoted }).at(-1)).toBe(
      '      2m51s ago: promoted by ana (sre)',
    );
  });

  it('shows its deadline and the last reminder until it is on green', () => {
    const due = momentAt(NOW.getTime() + 5 * 86_400_000, 'Asia/Tokyo');
    const deadline = {
      ...untouched(deadlineFor(due, { policy: 'auto', remindDays: [7] })),
      reminded: [{ daysBefore: 7, due: due.local, at: ago(600) }],
      requested: {
        due: momentAt(NOW.getTime() + 9e8, 'UTC'),
        remind: [],
        by: 'ana',
        reason: 'a sale',
        askedAt: ago(9),
      },
    };
    expect(line({ state: 'holding', timing: { deadline } }).slice(1)).toEqual([
      '      deadline Thu 2026-11-26 12:12 Asia/Tokyo · 5 days left · policy auto · ana asks for Tue 2026-12-01 13:12 UTC: a sale',
      '      10m00s ago: reminded 7 days before Thu 2026-11-26 12:12 Asia/Tokyo',
    ]);
    expect(line({ state: 'on-green', greenPercent: 100, timing: { deadline } })).toHaveLength(1);
  });

  it.each([
    ['start', 'started'],
    ['pause', 'paused'],
    ['resume', 'resumed'],
    ['retry', 'tried again'],
    ['promote', 'promoted'],
    ['abort', 'taken back'],
    ['steps', 'given other steps'],
    ['schedule', 'scheduled'],
    ['unschedule', 'taken off its schedule'],
    ['extend', 'asked to be extended'],
    ['grant-extension', 'extended'],
    ['refuse-extension', 'not extended'],
    ['dance', 'dance'],
  ])('tells %s as %s', (verb, expected) => {
    expect(line({ state: 'moving', actions: [action({ verb })] }).at(-1)).toBe(`      3m00s ago: ${expected} by ana`);
  });

  it('is on green without a word of how', () => {
    const shown = line({ state: 'on-green', greenPercent: 100, actions: [action({})] });
    expect(shown).toEqual(['    messages     ◆◆◆◆◆◆◆◆◆◆ 100 %  on-green · 1m00s · team team-messages']);
  });

  it('that was on green and is moved to another share has no step beyond the last', () => {
    expect(line({ state: 'moving', stepIndex: 4, history: [step] })[0]).toContain('  moving · step 4/4 · ');
  });
});

describe('phases', () => {
  it('that run or failed show what is not done', () => {
    const items = [
      { name: 'cluster stg-1-36', state: 'done', startedAt: ago(600), endedAt: ago(100) },
      { name: 'node group general', state: 'failed', startedAt: ago(100), endedAt: ago(40), detail: 'no capacity' },
      { name: 'node group batch', state: 'running', startedAt: ago(100) },
    ] as const;
    const status = upgrade({
      phases: phases({
        preflight: done(640, 600),
        provision: { state: 'failed', startedAt: ago(600), endedAt: ago(40), items },
      }),
      holds: [hold({ kind: 'failure', phase: 'provision', because: 'no capacity', since: ago(40) })],
    });
    expect(drawn(status)).toMatchInlineSnapshot(`
      "stg  running   1.33 ● stg-1-33  →  1.36 ◆ stg-1-36   started 41m00s ago by sre@…
      ✓ preflight        40s
      ✗ provision      9m20s
          ✗ node group general · 1m00s · no capacity
          ▶ node group batch · 1m40s
      · bootstrap
      · verify
      · migrate
      · soak
      · decommission
      ‖ holding 40s · provision · waits for: a second try from the first step
        because: no capacity
        eksodus upgrade resume stg | eksodus upgrade rollback stg
      go back at any time: eksodus upgrade rollback stg"
    `);
  });

  it('that are tried again run on, though the try before has an end', () => {
    const again = { state: 'running', startedAt: ago(600), endedAt: ago(500) } as const;
    expect(drawn(upgrade({ phases: phases({ provision: again }) }))).toContain('▶ provision     10m00s\n');
  });

  it('warn of what preflight found, with what to do', () => {
    const status = upgrade({
      findings: [
        {
          id: 'version.extended-support',
          severity: 'warning',
          subject: '1.36',
          what: 'standard support ended 2026-11-01',
          todo: 'consider a newer version',
          seenAt: ago(2430),
        },
        { id: 'dns.zone', severity: 'blocker', subject: 'x', what: 'y', todo: 'z', seenAt: ago(2430) },
      ],
    });
    expect(drawn(status).split('\n').slice(-3)).toMatchInlineSnapshot(`
      [
        "warning version.extended-support · 1.36: standard support ended 2026-11-01;",
        "    consider a newer version",
        "go back at any time: eksodus upgrade rollback stg",
      ]
    `);
  });
});

describe('the last line', () => {
  type Line = readonly [when: string, change: Partial<UpgradeStatus>, expected: string];
  const open = (decommission: Partial<PhaseStatus>): Partial<UpgradeStatus> => ({
    apps: [app('messages', { state: 'on-green', greenPercent: 100 })],
    phases: phases({ migrate: done(900, 600), soak: done(600, 300), decommission }),
  });
  const proof = { name: 'proof that no traffic is left', state: 'done', startedAt: ago(9), endedAt: ago(8) } as const;
  const [running, failed] = [
    { state: 'running', startedAt: ago(10) },
    { state: 'failed', startedAt: ago(10), endedAt: ago(5) },
  ] as const;
  const proved = { items: [proof] };
  /** On its way back: all apps, and the phases that are walked on that way. */
  const back = (
    state: 'rolling-back' | 'holding',
    migrate: Partial<PhaseStatus>,
    decommission: Partial<PhaseStatus> = {},
    apps = [app('messages', { state: 'on-blue' })],
  ): Partial<UpgradeStatus> => ({ state, wayBack: 'taken', apps, phases: phases({ migrate, decommission }) });
  const someOnGreen = [app('messages', { state: 'on-green', greenPercent: 100 }), app('files', { state: 'moving' })];
  const allOnGreen = someOnGreen.slice(0, 1);

  const anyTime = 'go back at any time: eksodus upgrade rollback stg';
  const beforeProof = 'go back until stg-1-33 is proved to have no traffic: eksodus upgrade rollback stg';
  const tooLate = 'stg-1-33 is being deleted: there is no going back';
  const goesBack = 'on its way back: all traffic goes to stg-1-33';
  const heldBack = 'on its way back to stg-1-33; it goes on when the hold ends';
  const toBeRemoved = 'all traffic is on stg-1-33; stg-1-36 is deleted once it is proved to have none';
  const removed = 'all traffic is on stg-1-33; stg-1-36 is being deleted';

  it.each<Line>([
    ['it runs', {}, anyTime],
    ['it holds', { state: 'holding' }, anyTime],
    ['it is paused', { state: 'paused' }, anyTime],
    ['it has just begun', { phases: phases({ preflight: running }) }, anyTime],
    ['the deletion waits for approval', { ...open({}), state: 'holding' }, anyTime],
    ['the old cluster is proved idle', open(running), beforeProof],
    ['that proof holds', { ...open(failed), state: 'holding' }, beforeProof],
    ['the old cluster is deleted', { ...open({ ...running, ...proved }), wayBack: 'closed' }, tooLate],
    ['that holds', { ...open({ ...failed, ...proved }), wayBack: 'closed', state: 'holding' }, tooLate],
    [
      'it stops',
      { state: 'aborting', wayBack: 'taken' },
      'it stops where it stands: weights and clusters stay as they are',
    ],
    ['it goes back', back('rolling-back', running, {}, someOnGreen), goesBack],
    ['it goes back from the end', back('rolling-back', done(900, 600), {}, allOnGreen), goesBack],
    ['it goes back from the proof', back('rolling-back', running, failed, allOnGreen), goesBack],
    ['the way back holds', back('holding', failed, {}, someOnGreen), heldBack],
    ['the way back from the end holds', back('holding', failed, failed, allOnGreen), heldBack],
    ['it went back', back('rolling-back', done(20, 10)), 'all traffic is on stg-1-33'],
    ['the new cluster is proved idle', back('rolling-back', done(20, 10), running), toBeRemoved],
    ['that proof of the new one holds', back('holding', done(20, 10), failed), toBeRemoved],
    ['the new cluster is deleted', back('rolling-back', done(20, 10), { ...running, ...proved }), removed],
    ['that deletion holds', back('holding', done(20, 10), { ...failed, ...proved }), removed],
    [
      'a new cluster that never had an app is deleted',
      back('holding', done(20, 10), { ...failed, ...proved }, []),
      removed,
    ],
  ])('while %s', (_, change, expected) => {
    expect(lastLine(upgrade(change))).toBe(expected);
  });

  it('names the old cluster by no name while none is known', () => {
    const { blue: _unknown, ...status } = upgrade({ state: 'rolling-back', wayBack: 'taken' });
    expect(lastLine(status)).toBe('on its way back: all traffic goes to the old cluster');
  });

  it.each(['succeeded', 'rolled-back', 'aborted'] as const)('after it %s: the outcome', (state) => {
    const ended = { state, wayBack: 'closed', endedAt: ago(5), outcome: 'as it was' } as const;
    expect(lastLine(upgrade(ended))).toBe(`${state}: as it was`);
  });
});

describe('an upgrade that has ended', () => {
  it('stands still: nothing runs on after the end, and what was stopped is shown as stopped', () => {
    const status = upgrade({
      state: 'aborted',
      endedAt: ago(3600),
      startedAt: ago(7200),
      outcome: 'stopped by sre: not today',
      phases: phases({
        preflight: done(7200, 7100),
        provision: {
          state: 'running',
          startedAt: ago(7100),
          items: [{ name: 'cluster stg-1-36', state: 'running', startedAt: ago(7000) }],
        },
      }),
    });
    expect(drawn(status)).toMatchInlineSnapshot(`
      "stg  aborted after 1h00m   1.33 ● stg-1-33  →  1.36 ◆ stg-1-36   started by sre…
      ✓ preflight      1m40s
      ■ provision     58m20s
          ■ cluster stg-1-36 · 56m40s
      · bootstrap
      · verify
      · migrate
      · soak
      · decommission
      aborted: stopped by sre: not today"
    `);
    expect(renderTree(status, new Date(ago(-9999)), { width: 80, colour: false })).toBe(drawn(status));
  });
});

describe('colour', () => {
  it('is only ever added: the text without it is the same', () => {
    const coloured = renderTree(HELD, NOW, { width: 60, colour: true });
    // oxlint-disable-next-line no-control-regex
    expect(coloured.replaceAll(/\u001B\[\d+m/g, '')).toBe(drawn(HELD, 60));
    expect(coloured).toContain('\u001B[33m‖ holding 12m00s');
    expect(coloured).toContain('\u001B[32m✓ preflight');
  });
});
