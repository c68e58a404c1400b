// What the scenarios do beside the walk: the environment file they want, and which holds end a rehearsal.
import { expect, it } from 'vitest';
import type { Cli } from '../../sandbox/rehearsal/cli.ts';
import type { Actor } from '../../sandbox/rehearsal/scenario.ts';
import { SCENARIOS } from '../../sandbox/rehearsal/scenarios.ts';
import { Steering } from '../../sandbox/rehearsal/steering.ts';
import { app, hold, upgrade } from '../support/cli-status.ts';

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
});

it('rollback breaks its app on green once, when it has a share of the traffic in the middle of a step', async () => {
  const broken: unknown[] = [];
  const sandbox = { loadBalancers: { failApp: (...of: unknown[]) => broken.push(of) } };
  const actor = SCENARIOS.rollback.actor?.({ sandbox, say: () => undefined } as never);
  const at = (greenPercent: number, state: 'baking' | 'moving') =>
    upgrade({ apps: [app('messages', { state, greenPercent })] });
  for (const status of [at(5, 'baking'), at(25, 'moving')]) await actor?.look?.(status);
  expect(broken).toEqual([]);
  for (const status of [at(25, 'baking'), at(25, 'baking')]) await actor?.look?.(status);
  expect(broken).toEqual([['stg-1-36', 'messages', { status: 503 }]]);
});

it('rollback wants an environment that goes back, and changes nothing else of it', () => {
  const environment = { name: 'stg', onGateFailure: 'hold' };
  expect(SCENARIOS.rollback.sandbox?.amend?.(environment as never)).toEqual({
    ...environment,
    onGateFailure: 'rollback',
  });
});
