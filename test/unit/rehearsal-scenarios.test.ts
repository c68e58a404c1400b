// What the scenarios do beside the walk: the environment file they want, and which holds end a rehearsal.
import { describe, expect, it, vi } from 'vitest';
import type { Cli } from '../../sandbox/rehearsal/cli.ts';
import type { Actor } from '../../sandbox/rehearsal/scenario.ts';
import { SCENARIOS } from '../../sandbox/rehearsal/scenarios.ts';
import { Steering } from '../../sandbox/rehearsal/steering.ts';
import { readWeights } from '../../sandbox/rehearsal/survey.ts';
import type { AppStatus } from '../../src/domain/status.ts';
import { ago, app, hold, upgrade } from '../support/cli-status.ts';

vi.mock('../../sandbox/rehearsal/survey.ts', () => ({ readWeights: vi.fn<typeof readWeights>() }));

function steering(actor: Actor) {
  const commands: string[] = [];
  const cli: Cli = {
    run: async (...args) => {
      commands.push(args.join(' '));
      return '';
    },
    show: async () => ({ code: 0, errors: '' }),
  };
  return { steering: new Steering(actor, { cli, say: () => undefined }), commands };
}

it('a rehearsal is stuck at a hold that waits for a person, unless its actor releases that one', async () => {
  const held = upgrade({ state: 'holding', holds: [hold({ kind: 'gate', app: 'messages' })] });
  const two = upgrade({ ...held, holds: [...held.holds, hold({ kind: 'failure' })] });
  const releases: Actor['releases'] = ({ app: of }) => of === 'messages';
  expect(await steering({}).steering.look(held)).toBe('stuck');
  expect(await steering({ releases }).steering.look(held)).toBe('goes-on');
  expect(await steering({ releases }).steering.look(two)).toBe('stuck');
});

it('approvals are given by every rehearsal', async () => {
  const { steering: one, commands } = steering({});
  const asked = upgrade({ state: 'holding', holds: [hold({ kind: 'approval', approval: 'decommission' })] });
  expect(await one.look(asked)).toBe('goes-on');
  expect(commands).toEqual(['upgrade approve stg --point decommission --by rehearsal']);
  expect(one.approvals).toEqual([{ point: 'decommission', because: asked.holds[0]?.because }]);
});

it('rollback breaks its app on green once, when it has a share of the traffic in the middle of a step', async () => {
  const broken: unknown[] = [];
  const sandbox = { loadBalancers: { failApp: (...of: unknown[]) => broken.push(of) } };
  const actor = SCENARIOS.rollback.actor?.({ sandbox, say: () => undefined } as never);
  const at = (greenPercent: number, state: 'baking' | 'moving') =>
    upgrade({ apps: [app('messages', { state, greenPercent })] });
  for (const status of [at(5, 'baking'), at(25, 'moving')]) await actor?.look?.(status);
  expect(broken).toEqual([]);
  expect(actor?.noted?.(undefined)).toEqual({});
  for (const status of [at(25, 'baking'), at(25, 'baking')]) await actor?.look?.(status);
  expect(broken).toEqual([['stg-1-36', 'messages', { status: 503 }]]);
  expect(actor?.noted?.(undefined)).toEqual({ brokenAt: [expect.any(String)] });
});

it('rollback wants an environment that goes back, and changes nothing else of it', () => {
  const environment = { name: 'stg', onGateFailure: 'hold' };
  expect(SCENARIOS.rollback.sandbox?.amend?.(environment as never)).toEqual({
    ...environment,
    onGateFailure: 'rollback',
  });
});

describe('gate-failure', () => {
  const WEIGHTS = { messages: { 'stg-1-33': 100, 'stg-1-36': 0 } };
  const held = hold({ app: 'messages', because: 'analysis errors of messages' });
  const status = (messages: Partial<AppStatus>, others: AppStatus['state'] = 'baking') =>
    upgrade({ apps: [app('messages', messages), app('files', { state: others })] });

  function play() {
    const done: string[] = [];
    const tell =
      (what: string) =>
      (...of: unknown[]): void =>
        void done.push(`${what} ${of.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join(' ')}`);
    const stage = {
      sandbox: { loadBalancers: { failApp: tell('fail'), healApp: tell('heal') } },
      cli: { run: async (...args: string[]) => tell('run')(...args) },
      say: () => undefined,
    };
    const actor = SCENARIOS['gate-failure'].actor?.(stage as never);
    if (!actor) throw new Error('nobody plays');
    return { actor, done };
  }

  it('breaks, sees it hold, waits for the others, mends and tries again: each once', async () => {
    vi.mocked(readWeights).mockResolvedValue(WEIGHTS);
    const { actor, done } = play();
    for (const before of [status({ state: 'baking', greenPercent: 5 }), status({ state: 'moving', greenPercent: 25 })])
      await actor.look?.(before);
    expect(done).toEqual([]);
    const baking = status({ state: 'baking', greenPercent: 25 });
    for (const at of [baking, baking]) await actor.look?.(at);
    const failure = 'fail stg-1-36 messages {"status":500,"percent":20,"except":"/healthz"}';
    expect(done).toEqual([failure]);
    const holding = status({ state: 'holding', hold: held });
    for (const at of [holding, holding]) await actor.look?.(at);
    expect(done).toEqual([failure]);
    for (const at of [1, 2])
      await actor.look?.(status({ state: at === 1 ? 'holding' : 'waiting', hold: held }, 'on-green'));
    expect(done).toEqual([
      failure,
      'heal stg-1-36 messages',
      'run apps retry stg messages --by developer --reason mended',
    ]);
    expect(actor.noted?.(undefined)).toEqual({
      brokenAt: [expect.any(String)],
      heldBecause: ['analysis errors of messages'],
      weightsWhileHeld: ['stg-1-33 100', 'stg-1-36 0'],
      onGreenWhileHeld: ['files'],
      retriedAt: [expect.any(String)],
    });
  });

  it('releases the hold that it has seen, and no other', async () => {
    vi.mocked(readWeights).mockResolvedValue(WEIGHTS);
    const { actor } = play();
    expect(actor.releases?.(hold({ app: 'files' }))).toBe(false);
    for (const at of [status({ state: 'baking', greenPercent: 25 }), status({ state: 'holding', hold: held })])
      await actor.look?.(at);
    expect(actor.releases?.(held)).toBe(true);
    expect(actor.releases?.({ ...held, since: ago(1) })).toBe(false);
  });
});

describe('others in the account', () => {
  const gateway = { url: 'http://127.0.0.1:1', rootKey: { accessKeyId: 'root', secretAccessKey: 'x' }, calls: [] };
  const said: string[] = [];
  const stage = {
    sandbox: { gateway, settings: { region: 'eu-central-1' }, workerEnv: { AWS_ACCESS_KEY_ID: 'worker' } },
    say: (line: string) => said.push(line),
  } as never;

  it('drift releases the drift that it makes, and no other hold', () => {
    const releases = (of: Parameters<typeof hold>[0]) => SCENARIOS.drift.actor?.(stage).releases?.(hold(of));
    expect(releases({ kind: 'drift', app: 'messages' })).toBe(true);
    expect(releases({ kind: 'drift', app: 'files' })).toBe(false);
    expect(releases({ kind: 'failure', app: 'messages' })).toBe(false);
  });

  it('zone-throttle has steps of twice the length, and changes nothing else of the environment', () => {
    const environment = { name: 'stg', steps: [{ green: 5, bake: '10s' }] };
    expect(SCENARIOS['zone-throttle'].sandbox?.amend?.(environment as never)).toEqual({
      name: 'stg',
      steps: [{ green: 5, bake: '20s' }],
    });
  });

  it('zone-throttle has others ask only while apps move', async () => {
    const actor = SCENARIOS['zone-throttle'].actor?.(stage);
    const at = (state: 'pending' | 'running' | 'done') =>
      upgrade({ phases: [{ name: 'migrate' as const, state, items: [] }] });
    for (const state of ['pending', 'running', 'running', 'done'] as const) await actor?.look?.(at(state));
    expect(said).toEqual(['others use up what Route 53 lets the account ask', 'the others are done']);
  });

  it('zone-throttle counts what the worker was refused, and nobody else', () => {
    const call = { at: '', service: 'route53', operation: 'GetChange', status: 400, error: 'Throttling' };
    const calls = [{ ...call, principal: 'before' }];
    const sandbox = {
      gateway: { ...gateway, calls },
      settings: { region: 'x' },
      workerEnv: { AWS_ACCESS_KEY_ID: 'w' },
    };
    const actor = SCENARIOS['zone-throttle'].actor?.({ sandbox, say: () => undefined } as never);
    const { error: _, ...good } = call;
    calls.push(
      { ...call, principal: 'w' },
      { ...call, principal: 'root' },
      { ...call, service: 'eks', principal: 'w' },
    );
    calls.push({ ...good, principal: 'w' } as never);
    expect(actor?.noted?.(undefined)['refusals']).toEqual(['GetChange Throttling']);
  });
});

it('blue-sick makes blue sick once, asks for the rollback, and mends blue when it was refused', async () => {
  const done: unknown[] = [];
  const loadBalancers = {
    failApp: (...of: unknown[]) => done.push(['sick', ...of]),
    healApp: (...of: unknown[]) => done.push(['mended', ...of]),
  };
  const cli = { run: async (...args: string[]) => void done.push(args.join(' ')) };
  const actor = SCENARIOS['blue-sick'].actor?.({ sandbox: { loadBalancers }, cli, say: () => undefined } as never);
  const at = (greenPercent: number) => upgrade({ apps: [app('messages', { state: 'baking', greenPercent })] });
  const refused = hold({ kind: 'failure', because: 'blue does not answer: messages: 503' });
  for (const status of [at(5), at(25), at(25)]) await actor?.look?.(status);
  expect(done).toEqual([
    ['sick', 'stg-1-33', 'messages', { status: 503, only: '/healthz' }],
    'upgrade rollback stg --reason blue is sick --yes --by rehearsal',
  ]);
  expect([refused, hold({ kind: 'failure', because: 'another' })].map((one) => actor?.releases?.(one))).toEqual([
    true,
    false,
  ]);
});

it('a rehearsal is not stuck at what ends by itself', async () => {
  for (const kind of ['ready', 'turn', 'window'] as const)
    expect(await steering({}).steering.look(upgrade({ state: 'holding', holds: [hold({ kind })] }))).toBe('goes-on');
});
