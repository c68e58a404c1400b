// The judgement of a rehearsal: a report that is as it should be has no problem, and each thing that is not is one.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Speed, type DnsHabit } from '../../sandbox/contracts.ts';
import { writeEnvironmentFile } from '../../sandbox/environment-file.ts';
import { expectedOf } from '../../sandbox/rehearsal/expected.ts';
import { judge } from '../../sandbox/rehearsal/judge.ts';
import type { RehearsalReport } from '../../sandbox/rehearsal/report.ts';
import type { Departure } from '../../sandbox/traffic/departures.ts';
import type { Served } from '../../sandbox/traffic/summary.ts';
import type { TrafficStepStatus } from '../../src/domain/status.ts';
import type { ScenarioName } from '../../sandbox/rehearsal/scenarios.ts';
import {
  ANNOTATED,
  at,
  BLUE,
  DRIFTED,
  EXPECTED,
  GOOD,
  GREEN,
  runs,
  step,
  THROTTLED,
} from '../support/rehearsal-report.ts';

type Change = (report: RehearsalReport) => Partial<RehearsalReport>;
/** A change, and what the one problem that it makes must say. */
type Broken = readonly [change: Change, problem: string];

const traffic =
  (change: Partial<RehearsalReport['traffic']>): Change =>
  (report) => ({ traffic: { ...report.traffic, ...change } });
const aws =
  (change: Partial<RehearsalReport['aws']>): Change =>
  (report) => ({ aws: { ...report.aws, ...change } });
const blue =
  (change: Partial<RehearsalReport['clusters']['blue']>): Change =>
  ({ clusters }) => ({ clusters: { ...clusters, blue: { ...clusters.blue, ...change } } });
const green =
  (change: Partial<RehearsalReport['clusters']['green']>): Change =>
  ({ clusters }) => ({ clusters: { ...clusters, green: { ...clusters.green, ...change } } });
const phase =
  (name: string, change: Partial<RehearsalReport['phases'][number]>): Change =>
  ({ phases }) => ({ phases: phases.map((one) => (one.name === name ? { ...one, ...change } : one)) });
const withoutStep =
  (app: string, percent: number): Change =>
  (report) => ({
    traffic: {
      ...report.traffic,
      steps: report.traffic.steps.filter((one) => one.app !== app || one.expectedGreenPercent !== percent),
    },
  });
const stepOf =
  (app: string, percent: number, change: Partial<ReturnType<typeof step>>): Change =>
  (report) => ({
    traffic: {
      ...report.traffic,
      steps: report.traffic.steps.map((one) =>
        one.app === app && one.expectedGreenPercent === percent ? { ...one, ...change } : one,
      ),
    },
  });
const noted =
  (change: RehearsalReport['noted']): Change =>
  (report) => ({ noted: { ...report.noted, ...change } });
/** Requests that failed beside those that a good report has. */
const alsoFailed =
  (app: string, cluster: string | null, failed: number): Change =>
  (report) => ({
    traffic: {
      ...report.traffic,
      failed: report.traffic.failed + failed,
      served: [
        ...report.traffic.served,
        { app, cluster, requests: failed, failed, lastFailure: { at: at(46), what: 'refused' } },
      ],
    },
  });
const application =
  (app: string, cluster: string, change: { sync?: string; health?: string }): Change =>
  ({ argocd }) => ({
    argocd: argocd.map((one) => (one.app === app && one.cluster === cluster ? { ...one, ...change } : one)),
  });
const withoutApplication =
  (app: string, of: string): Change =>
  ({ argocd }) => ({ argocd: argocd.filter((one) => one.app !== app || one.cluster !== of) });
const departed =
  (app: string, habit: DnsHabit, change: Partial<Departure>): Change =>
  (report) => ({
    traffic: {
      ...report.traffic,
      departures: report.traffic.departures.map((one) =>
        one.app === app && one.habit === habit ? { ...one, ...change } : one,
      ),
    },
  });
const weightsOfFiles =
  (weights: Readonly<Record<string, number>>): Change =>
  (report) => ({ weights: { ...report.weights, files: weights } });

/** What the scenario's actor noted, changed. */
const noting =
  (before: RehearsalReport['noted'], change: RehearsalReport['noted']): Change =>
  () => ({ noted: { ...before, ...change } });

const ANY: Record<string, Broken> = {
  'a walk that was cut short': [
    () => ({ troubles: ['the upgrade was not walked to its end: not over within 840 s'] }),
    'the upgrade was not walked to its end: not over within 840 s',
  ],
  'too few requests': [traffic({ requests: 1_999 }), '1999 requests, expected at least 2000'],
  'an app that got no traffic': [
    (report) => ({
      traffic: { ...report.traffic, served: report.traffic.served.filter(({ app }) => app !== 'search') },
    }),
    'nobody asked for search',
  ],
  'no CreateCluster': [aws({ calls: {} }), '0 calls of eks:CreateCluster, expected exactly 1'],
  'two CreateClusters': [
    aws({ calls: { 'eks:CreateCluster': 2 } }),
    '2 calls of eks:CreateCluster, expected exactly 1',
  ],
  'a failed workflow task': [
    ({ temporal }) => ({ temporal: { ...temporal, failedWorkflowTasks: 1 } }),
    '1 failed workflow tasks, expected none',
  ],
  'a phase without a beginning': [phase('verify', { startedAt: null }), 'nobody saw when verify began'],
  'a phase without an end': [phase('migrate', { endedAt: null }), 'nobody saw when migrate ended'],
  'a phase that is not there': [
    ({ phases }) => ({ phases: phases.filter(({ name }) => name !== 'bootstrap') }),
    'nobody saw when bootstrap began, bootstrap ended',
  ],
  'a phase that begins before the one before it ended': [
    phase('provision', { startedAt: at(9) }),
    `provision began at ${at(9)}, expected not before preflight ended at ${at(10)}`,
  ],
  'a phase that ends before it begins': [
    phase('verify', { endedAt: at(29) }),
    `verify ended at ${at(29)}, expected not before verify began at ${at(30)}`,
  ],
  'phases of another time': [
    () => ({ startedAt: at(1) }),
    `preflight began at ${at(0)}, expected not before the rehearsal began at ${at(1)}`,
  ],
  'a step that nobody saw': [withoutStep('messages', 5), 'not observed: messages at 5 %'],
  'a step that the environment has not': [
    (report) => ({ traffic: { ...report.traffic, steps: [...report.traffic.steps, step('files', 37)] } }),
    'files has no step to 37 %, but was there',
  ],
  'too few resolutions in a step': [
    stepOf('files', 25, { resolutions: 1_499 }),
    'files at 25 %: 1499 fresh resolutions, expected at least 1500',
  ],
  'too little green in a step': [
    stepOf('files', 25, { observedGreenPercent: 19.9 }),
    'files at 25 %: 19.9 % of resolutions led to green, expected within 5 points',
  ],
  'too much green in a step': [
    stepOf('files', 25, { observedGreenPercent: 30.1 }),
    'files at 25 %: 30.1 % of resolutions led to green, expected within 5 points',
  ],
  'a step without a share': [
    stepOf('files', 25, { observedGreenPercent: null }),
    'files at 25 %: nothing % of resolutions led to green, expected within 5 points',
  ],
};

const UPGRADED: Record<string, Broken> = {
  ...ANY,
  'rolled back': [() => ({ result: 'rolled-back' }), 'result is rolled-back, expected succeeded: as it should'],
  holding: [() => ({ result: 'holding', outcome: 'no quota' }), 'result is holding, expected succeeded: no quota'],
  'not seen': [() => ({ result: 'not-seen' }), 'result is not-seen, expected succeeded: as it should'],
  'no observation of an app': [
    (report) => ({
      traffic: { ...report.traffic, steps: report.traffic.steps.filter(({ app }) => app !== 'search') },
    }),
    'not observed: search at 5 %, search at 25 %, search at 50 %, search at 100 %',
  ],
  'an app that nobody saw whole on green': [withoutStep('search', 100), 'not observed: search at 100 %'],
  'a failed request': [
    alsoFailed('messages', GREEN, 1),
    `1 of 2400 requests failed, expected none: 1 of messages on ${GREEN}, the last at ${at(46)}: refused`,
  ],
  'a request that nobody answered': [
    alsoFailed('files', null, 2),
    `2 of 2400 requests failed, expected none: 2 of files on no cluster, the last at ${at(46)}: refused`,
  ],
  'clients that honour the TTL on blue for too long': [
    departed('files', 'honours-ttl', { lastOnBlueAt: at(46) }),
    'files: clients that honour the TTL were on blue until 1 s after its last step had settled',
  ],
  'clients that cache for ever and did not': [
    departed('files', 'caches-for-ever', { lastOnBlueAt: at(44) }),
    'files: clients that cache for ever left blue before its last step had settled: they kept no address',
  ],
  'clients that cache for ever and were left behind': [
    departed('files', 'caches-for-ever', { lastOnGreenAt: null }),
    'files: clients that cache for ever never came to green',
  ],
  'an app whose last step nobody saw settle': [
    departed('files', 'honours-ttl', { lastStep: null }),
    'files: nobody saw when clients that honour the TTL left blue, or when its last step settled',
  ],
  'no client that caches for ever': [
    (report) => ({
      traffic: {
        ...report.traffic,
        departures: report.traffic.departures.filter(({ app, habit }) => app !== 'files' || habit === 'honours-ttl'),
      },
    }),
    'files: no request of clients that cache for ever',
  ],
  'an approval that said nothing of those who still ask blue': [
    () => ({
      approvals: [
        {
          point: 'decommission' as const,
          because: `${BLUE} still answers requests: 9 of messages in 6 s, 9 of search in 6 s`,
        },
      ],
    }),
    `files: who approved decommission was not told that ${BLUE} still answers it: ${BLUE} still answers requests: 9 of messages in 6 s, 9 of search in 6 s`,
  ],
  'blue still there': [blue({ deleted: false }), 'stg-1-33 still exists'],
  'something left behind': [aws({ leftovers: ['oidc-provider x', 'eni y'] }), 'left behind: oidc-provider x, eni y'],
  'leftovers that nobody searched for': [aws({ leftovers: null }), 'leftovers of stg-1-33 were not searched for'],
  'blue of another version': [
    blue({ version: '1.34' }),
    "stg-1-33's API serves 1.34, removed API true; expected 1.33, true",
  ],
  'green of the old version': [
    green({ version: '1.33' }),
    "stg-1-36's API serves 1.33, removed API false; expected 1.36, false",
  ],
  'green that does not answer': [
    green({ version: null, servesRemovedApi: null }),
    "stg-1-36's API serves nothing, removed API null; expected 1.36, false",
  ],
  'the removed API on green': [
    green({ servesRemovedApi: true }),
    "stg-1-36's API serves 1.36, removed API true; expected 1.36, false",
  ],
  'green not ready': [green({ ready: false }), 'stg-1-36 is not ready'],
  'nothing in Argo CD': [() => ({ argocd: [] }), `Argo CD has on ${GREEN} no ${EXPECTED.applications.join(', ')}`],
  'a platform app that is not there': [withoutApplication('policy', GREEN), `Argo CD has on ${GREEN} no policy`],
  'an app that is on another cluster only': [
    ({ argocd }) => ({ argocd: argocd.map((one) => (one.app === 'files' ? { ...one, cluster: 'other' } : one)) }),
    `Argo CD has on ${GREEN} no files`,
  ],
  'an application out of sync': [
    application('policy', GREEN, { sync: 'OutOfSync' }),
    `policy on ${GREEN} is OutOfSync Healthy, expected Synced Healthy`,
  ],
  'a sick application that nobody knows': [
    ({ argocd }) => ({ argocd: [...argocd, { app: 'x', cluster: BLUE, sync: 'Synced', health: 'Degraded' }] }),
    `x on ${BLUE} is Synced Degraded, expected Synced Healthy`,
  ],
  'weight left on blue': [
    weightsOfFiles({ [BLUE]: 5, [GREEN]: 95 }),
    `weights of files are {"${BLUE}":5,"${GREEN}":95}, expected all on ${GREEN}`,
  ],
  'no record of an app': [weightsOfFiles({}), `weights of files are {}, expected all on ${GREEN}`],
};

/** Of the app that failed: its steps, of which the second failed. */
const walked =
  (change: (steps: readonly TrafficStepStatus[]) => readonly TrafficStepStatus[]): Change =>
  (report) => ({ walked: { ...report.walked, messages: change(report.walked['messages'] ?? []) } });
const failedStep = (change: Partial<TrafficStepStatus>): Change =>
  walked((steps) => steps.map((one) => (one.verdict === 'failed' ? { ...one, ...change } : one)));
/** Of the app that failed, where it did. */
const failedOnGreen =
  (change: Partial<Served>): Change =>
  (report) => ({
    traffic: {
      ...report.traffic,
      failed: change.failed ?? report.traffic.failed,
      served: report.traffic.served.map((one) => (one.failed > 0 ? { ...one, ...change } : one)),
    },
  });
const lost = (failed: number): Change => failedOnGreen({ failed });
const lastFailedAt = (second: number): Change =>
  failedOnGreen({ lastFailure: { at: at(second), what: 'answered 500' } });

/** Of an app that was broken at 45, failed at its gate at 46, and had until 49 to be back. */
const LOSS: Record<string, Broken> = {
  'no failed gate': [failedStep({ verdict: 'passed' }), 'messages failed at 0 steps, expected exactly 1'],
  'a failed gate more': [
    walked((steps) => [...steps, ...steps.filter(({ verdict }) => verdict === 'failed')]),
    'messages failed at 2 steps, expected exactly 1',
  ],
  'a break that nobody noted': [
    (report) => ({ noted: Object.fromEntries(Object.entries(report.noted).filter(([what]) => what !== 'brokenAt')) }),
    'nobody noted when messages was broken, or when its gate failed',
  ],
  'a gate that failed at no time': [
    failedStep({ endedAt: 'later' }),
    'nobody noted when messages was broken, or when its gate failed',
  ],
  'a step whose traffic never settled': [
    failedStep({ settledAt: 'never' }),
    'messages was broken before its step to 25 % had settled: nobody knows how long the way is',
  ],
  'a gate that failed before anything was broken': [
    (report) => ({ ...noted({ brokenAt: [at(46).replace('.000', '.500')] })(report), ...lost(1)(report) }),
    expect.stringContaining('the gate of messages failed -0.5 s after it was broken, expected within'),
  ],
  'a request that failed after the way back': [
    lastFailedAt(50),
    'a request of messages failed 4 s after its gate did, expected none after 3 s',
  ],
};

const GATE_FAILURE: Record<string, Broken> = {
  ...LOSS,
  'a gate that failed by its check': [
    noted({ heldBecause: ['gate of messages: /healthz 40 probes, 3 failed'] }),
    'messages held because of "gate of messages: /healthz 40 probes, 3 failed", expected of an analysis',
  ],
  'traffic on green while it held': [
    noted({ weightsWhileHeld: [`${BLUE} 75`, `${GREEN} 25`] }),
    `weights of messages while it held were ${BLUE} 75, ${GREEN} 25, expected ${BLUE} 100, ${GREEN} 0`,
  ],
  'others that waited': [
    noted({ onGreenWhileHeld: ['files'] }),
    'while messages held only files came to green, expected files, search',
  ],
  'nobody who tried again': [noted({ retriedAt: [] }), 'messages was tried again 0 times, expected once'],
  'a second try that left a step out': [
    walked((steps) => steps.filter((_, index) => index !== 2)),
    'messages walked 25 % passed, 50 % passed, 100 % passed after it was mended, expected 5, 25, 50, 100 %',
  ],
  'a second try without an end': [
    walked((steps) => [...steps, { greenPercent: 100, bakeSeconds: 10, askedAt: at(60) }]),
    'messages walked 5 % passed, 25 % passed, 50 % passed, 100 % passed, 100 %  after it was mended, expected 5, 25, 50, 100 %',
  ],
  'a gate that slept': [
    failedStep({ endedAt: at(56) }),
    'the gate of messages failed 11 s after it was broken, expected within 10 s',
  ],
  'more failed requests than that weight explains': [
    lost(4),
    '4 requests of messages failed, expected at most 3: 10 a second, 5.0 % of them, until the way back had settled',
  ],
};
const FOUR_TURNS_ON = [BLUE, GREEN, BLUE, GREEN];
const FOUR_TURNS = runs(FOUR_TURNS_ON);

const REFUSAL = GOOD['blue-sick']().noted['refusal']?.[0] ?? '';

const BLUE_SICK: Record<string, Broken> = {
  succeeded: [() => ({ result: 'succeeded' }), 'result is succeeded, expected rolled-back: as it should'],
  'a failed request': [
    alsoFailed('messages', GREEN, 1),
    `1 of 2400 requests failed, expected none: 1 of messages on ${GREEN}, the last at ${at(46)}: refused`,
  ],
  'a failed request where blue is sick': [
    alsoFailed('messages', BLUE, 1),
    `1 of 2400 requests failed, expected none: 1 of messages on ${BLUE}, the last at ${at(46)}: refused`,
  ],
  'a refusal without an answer': [
    noted({ refusal: [REFUSAL.replace('/healthz', '/')] }),
    `the refusal tells no failed answer: ${REFUSAL.replace('/healthz', '/')}`,
  ],
  'a refusal without targets': [
    noted({ refusal: [REFUSAL.replace('0 healthy', '1 healthy')] }),
    `the refusal tells no target that is not healthy: ${REFUSAL.replace('0 healthy', '1 healthy')}`,
  ],
  'two refusals': [noted({ refusal: [REFUSAL, REFUSAL] }), '2 refusals were seen, expected 1'],
  'a weight that moved while it was held': [
    noted({ weights: [`messages ${BLUE} 100, ${GREEN} 0`, `files ${BLUE} 100, ${GREEN} 0`] }),
    `while it was held messages had messages ${BLUE} 100, ${GREEN} 0, expected what it had before`,
  ],
  'another app that stayed': [
    noted({ weights: [`messages ${BLUE} 75, ${GREEN} 25`, `files ${BLUE} 75, ${GREEN} 25`] }),
    `while it was held the others had messages ${BLUE} 75, ${GREEN} 25; files ${BLUE} 75, ${GREEN} 25, expected all on ${BLUE}`,
  ],
  'a history without the look': [
    noted({ looks: ['watchGate'] }),
    "the upgrade's history shows watchGate, expected a look at blue's targets and at its answers",
  ],
  'a rollback that nobody tried again': [noted({ retried: [] }), 'it was tried again 0 times, expected once'],
};

const BROKEN: Record<ScenarioName, Record<string, Broken>> = {
  plain: UPGRADED,
  'worker-crash': {
    ...UPGRADED,
    'the worker not killed in a phase': [
      () => ({ noted: { workerKilledIn: EXPECTED.phases.filter((name) => name !== 'verify' && name !== 'soak') } }),
      'the worker was not killed in verify, soak',
    ],
  },
  drift: {
    ...UPGRADED,
    'a hold for another reason': [
      noting(DRIFTED, { held: ['Route 53 refused messages.example.test'] }),
      `messages held because of "Route 53 refused messages.example.test", expected once, and "${DRIFTED.held[0]}"`,
    ],
    'no hold': [noting(DRIFTED, { held: [] }), `messages held because of "", expected once, and "${DRIFTED.held[0]}"`],
    'weights that somebody fought for': [
      noting(DRIFTED, { seenWhileHeld: [...DRIFTED.seenWhileHeld, `${BLUE}=75 ${GREEN}=25`] }),
      `the weights were ${BLUE}=60 ${GREEN}=40, ${BLUE}=75 ${GREEN}=25 while it held, expected what somebody wrote`,
    ],
    'weights that nobody looked at': [
      noting(DRIFTED, { seenWhileHeld: DRIFTED.seenWhileHeld.slice(1) }),
      'the weights were looked at 9 times while it held, expected at least 10',
    ],
    'a wish that was fulfilled': [
      noting(DRIFTED, { answered: ['in-sync'] }),
      'messages was answered in-sync, expected one drift.detected',
    ],
    'nobody who wrote': [noting(DRIFTED, { wrote: [] }), 'somebody wrote 0 times, expected once'],
    'nobody who resumed': [noting(DRIFTED, { resumed: [] }), 'it was resumed 0 times, expected once'],
    'another step that is off': [
      stepOf('messages', 50, { observedGreenPercent: 40 }),
      'messages at 50 %: 40 % of resolutions led to green, expected within 5 points',
    ],
  },
  'zone-throttle': {
    ...UPGRADED,
    'too few throttled requests': [
      noting(THROTTLED, { refusals: THROTTLED.refusals.slice(1) }),
      '19 requests of the worker were throttled, expected at least 20',
    ],
    'a zone that was never busy': [
      noting(THROTTLED, { refusals: THROTTLED.refusals.slice(0, 20) }),
      '0 writes of the worker met a busy zone, expected at least 3',
    ],
    'a wish without an answer': [noting(THROTTLED, { unanswered: ['w-2'] }), '1 of 2 wishes were never answered'],
    'a wish that was refused': [noting(THROTTLED, { unfulfilled: ['drift'] }), 'wishes were refused: drift'],
    'all weights zero': [noting(THROTTLED, { allZero: ['files'] }), 'all weights were zero: files'],
    'no histories': [noting(THROTTLED, { wishes: [] }), 'no wish was found in the histories of zones'],
  },
  'external-dns': {
    ...UPGRADED,
    'a side that lost before the other had gained': [
      noting(ANNOTATED, { weights: ['100/-', '100/0', '0/0', '0/100', '-/100'] }),
      `weights of files went 100/- 100/0 0/0 0/100 -/100, expected ${ANNOTATED.weights.join(' ')}`,
    ],
    'A and AAAA that differ': [
      noting(ANNOTATED, { uneven: ['A 95/5, AAAA 100/5'] }),
      'A and AAAA of files were not alike: A 95/5, AAAA 100/5',
    ],
    'no annotation': [
      noting(ANNOTATED, { annotated: [] }),
      'no annotation of files was set, expected two for each step',
    ],
    'a wish to the zone’s writer': [
      noting(ANNOTATED, { wished: ['wish'] }),
      "the zone's writer was asked for files 1 times, expected never",
    ],
  },
  'cron-handover': {
    ...UPGRADED,
    'a minute without a run': [
      () => ({ noted: { runs: FOUR_TURNS.filter((run) => run !== FOUR_TURNS[3]) } }),
      'nobody ran for 2025-02-19T21:23:00.000Z',
    ],
    'a minute with two runs': [
      () => ({ noted: { runs: [`29000002 ${BLUE}`, ...FOUR_TURNS] } }),
      `${BLUE} and ${GREEN} ran for 2025-02-19T21:22:00.000Z`,
    ],
    'an app that its owner never took back': [
      () => ({ noted: { runs: runs([BLUE, GREEN]) } }),
      `the runs were on ${BLUE}, ${GREEN} in turn, expected ${FOUR_TURNS_ON.join(', ')}`,
    ],
    'runs that nobody saw': [() => ({ noted: {} }), 'no run was seen'],
  },
  deadline: {
    ...UPGRADED,
    'a person who started the late app': [
      noted({ 'search commands': ['start'] }),
      'commands to search were "start", expected ""',
    ],
    'an app that began for another reason': [
      noted({ 'files begun': ['start by eksodus: its deadline has come'] }),
      'files began by "start by eksodus: its deadline has come", expected start by eksodus: rehearsal scheduled it for',
    ],
    'the late app before its deadline': [
      noted({ 'search asked': [at(43)] }),
      `search asked for traffic at ${at(43)}, expected not before ${at(44)}`,
    ],
    'an app that never began': [
      noted({ 'files asked': [] }),
      `files asked for traffic at , expected not before ${at(43)}`,
    ],
    'an app whose history nobody saw': [
      noted({ 'files commands': ['its history was not seen'] }),
      'commands to files were "its history was not seen", expected "schedule"',
    ],
    'a reminder twice': [
      noted({ reminded: ['1', '1', '0'] }),
      'the owner of search was reminded 1, 1, 0 days before its deadline, expected each once and at last at it',
    ],
    'no reminder': [
      noted({ reminded: [] }),
      'the owner of search was reminded  days before its deadline, expected each once and at last at it',
    ],
  },
  'blue-sick': BLUE_SICK,
  rollback: {
    ...ANY,
    ...LOSS,
    'a gate that slept': [
      failedStep({ endedAt: at(53) }),
      'the gate of messages failed 8 s after it was broken, expected within 7.5 s',
    ],
    'more failed requests than that weight explains': [
      lost(76),
      '76 requests of messages failed, expected at most 75: 50 a second, 25.0 % of them, until the way back had settled',
    ],
    succeeded: [() => ({ result: 'succeeded' }), 'result is succeeded, expected rolled-back: as it should'],
    holding: [() => ({ result: 'holding' }), 'result is holding, expected rolled-back: as it should'],
    'a phase after the rollback': [phase('soak', { startedAt: at(60) }), 'soak began, expected never'],
    'blue deleted': [blue({ deleted: true }), 'stg-1-33 is deleted, expected whole at 1.33'],
    'blue that does not answer': [
      blue({ version: null }),
      "stg-1-33's API serves nothing, removed API true; expected 1.33, true",
    ],
    'blue not ready': [blue({ ready: false }), 'stg-1-33 is not ready'],
    'weight left on green': [
      weightsOfFiles({ [BLUE]: 95, [GREEN]: 5 }),
      `weights of files are {"${BLUE}":95,"${GREEN}":5}, expected all on ${BLUE}`,
    ],
    'no weight on blue': [weightsOfFiles({ [BLUE]: 0 }), `weights of files are {"${BLUE}":0}, expected all on ${BLUE}`],
    'an app of blue that is gone': [withoutApplication('messages', BLUE), `Argo CD has on ${BLUE} no messages`],
    'a sick application on blue': [
      application('search', BLUE, { health: 'Degraded' }),
      `search on ${BLUE} is Synced Degraded, expected Synced Healthy`,
    ],
    'a failed request of another app': [
      alsoFailed('files', GREEN, 3),
      `3 of 2400 requests failed, expected none but those of messages on ${GREEN}: 3 of files on ${GREEN}, the last at ${at(46)}: refused`,
    ],
    'a failed request of the broken app on blue': [
      alsoFailed('messages', BLUE, 3),
      `3 of 2400 requests failed, expected none but those of messages on ${GREEN}: 3 of messages on ${BLUE}, the last at ${at(46)}: refused`,
    ],
    'a request that nobody answered': [
      alsoFailed('messages', null, 1),
      `1 of 2400 requests failed, expected none but those of messages on ${GREEN}: 1 of messages on no cluster, the last at ${at(46)}: refused`,
    ],
    'nothing that failed': [
      (report) => ({
        traffic: {
          ...report.traffic,
          failed: 0,
          served: report.traffic.served.map((one) => Object.assign({}, one, { failed: 0 })),
        },
      }),
      `no request of messages failed on ${GREEN}: nothing was broken`,
    ],
  },
  'gate-failure': {
    ...UPGRADED,
    ...GATE_FAILURE,
    'a failed request': [
      alsoFailed('files', GREEN, 1),
      `1 of 2400 requests failed, expected none but those of messages on ${GREEN}: 1 of files on ${GREEN}, the last at ${at(46)}: refused`,
    ],
    'a request that nobody answered': [
      alsoFailed('messages', null, 1),
      `1 of 2400 requests failed, expected none but those of messages on ${GREEN}: 1 of messages on no cluster, the last at ${at(46)}: refused`,
    ],
  },
};

describe.each(Object.entries(GOOD))('a rehearsal "%s"', (scenario, good) => {
  it('that ended as it should has no problem', () => {
    expect(judge(good(), EXPECTED)).toEqual([]);
  });

  it.each(Object.entries(BROKEN[scenario as ScenarioName]))('has a problem with: %s', (_, [change, problem]) => {
    const report = good();
    expect(judge({ ...report, ...change(report) }, EXPECTED)).toEqual([problem]);
  });
});

it('the step that somebody else spoiled may be shared out otherwise', () => {
  const report = GOOD.drift();
  const spoiled = stepOf('messages', 25, { observedGreenPercent: 40 })(report);
  expect(judge({ ...report, ...spoiled }, EXPECTED)).toEqual([]);
});

it('a share of five points off is near enough', () => {
  const report = GOOD.plain();
  expect(judge({ ...report, ...stepOf('files', 50, { observedGreenPercent: 45 })(report) }, EXPECTED)).toEqual([]);
});

it('a rollback may leave what is sick on green: that is what it is about', () => {
  const report = GOOD.rollback();
  const change = application('search', GREEN, { health: 'Degraded' });
  expect(judge({ ...report, ...change(report) }, EXPECTED)).toEqual([]);
});

describe('what is expected', () => {
  it('comes from the file that the sandbox writes', () => {
    const dir = mkdtempSync(join(tmpdir(), 'eksodus-expected-'));
    const file = join(dir, 'stg.yaml');
    const roles = { clusterRoleArn: 'arn', nodeRoleArn: 'arn', vpcId: 'vpc', subnetIds: ['subnet'], zoneId: 'Z1' };
    const settings = { dir, speed: new Speed(60), account: '000000000000', region: 'ap-northeast-1' };
    writeEnvironmentFile({
      file,
      settings,
      account: roles,
      name: 'stg',
      zone: 'example.test',
      liveParameter: '/live',
      targetVersion: '1.36',
      manager: 'manager',
      principals: [],
      nameServer: '127.0.0.1:53',
      appPort: 1,
      prometheusUrl: 'http://127.0.0.1:9090',
    });
    const written = readFileSync(file, 'utf8');
    rmSync(dir, { recursive: true });
    expect(expectedOf(written)).toEqual(EXPECTED);
  });

  it('follows an app that has steps of its own, and wants a file with apps', () => {
    const file =
      'steps: [{ green: 100 }]\napps: [{ name: a, hosts: [a.test], steps: [{ green: 1 }, { green: 100 }] }, { name: b, hosts: [b.test] }, { name: c }]';
    expect(expectedOf(file).apps).toEqual([
      { app: 'a', steps: [1, 100] },
      { app: 'b', steps: [100] },
    ]);
    expect(expectedOf(file).applications).toContain('c');
    expect(() => expectedOf('steps: [{ green: 100 }]\napps: []')).toThrow('apps');
  });
});
