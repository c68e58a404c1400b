// What the scenario `deadline` does beside the walk.
import { expect, it } from 'vitest';
import { SCENARIOS } from '../../sandbox/rehearsal/scenarios.ts';
import { ago, app, hold, upgrade } from '../support/cli-status.ts';

it('deadline wants two apps that wait for their owners, one of them with a deadline soon', () => {
  const apps = ['messages', 'files', 'search'].map((name) => ({ name }));
  const before = Date.now();
  const amended = SCENARIOS.deadline.sandbox?.amend?.({ name: 'stg', apps } as never) as any;
  expect(amended).toMatchObject({
    name: 'stg',
    apps: [
      { name: 'messages' },
      { name: 'files', start: 'owner' },
      { name: 'search', start: 'owner', deadline: { policy: 'auto', timeZone: 'UTC', remindDays: [1] } },
    ],
  });
  expect(amended.apps[0]).not.toHaveProperty('start');
  const due = Date.parse(`${amended.apps[2].deadline.at.replace(' ', 'T')}Z`);
  expect(due).toBeGreaterThanOrEqual(before + 75_000);
  expect(due).toBeLessThan(before + 200_000);
});

it('deadline schedules one app once, leaves the other one alone, and tells what their histories and records say', async () => {
  const commands: string[][] = [];
  const accepted = {
    workflowExecutionUpdateAcceptedEventAttributes: { acceptedRequest: { input: { name: 'schedule' } } },
  };
  const stage = {
    say: () => undefined,
    cli: { run: async (...args: string[]) => void commands.push(args) },
    client: {
      workflow: {
        getHandle: (id: string) => ({
          fetchHistory: async () => ({ events: id.endsWith('/files') ? [{}, accepted] : [{}] }),
        }),
      },
    },
  };
  const actor = SCENARIOS.deadline.actor?.(stage as never);
  const owned = (name: string) => app(name, { state: 'holding', hold: hold({ kind: 'owner', app: name }) });
  const waiting = upgrade({ apps: [owned('files'), owned('search')] });
  await actor?.look?.(waiting);
  await actor?.look?.(waiting);
  expect(commands.map((args) => args.slice(0, 4))).toEqual([['apps', 'schedule', 'stg', 'files']]);
  for (const kind of ['owner', 'schedule'] as const) expect(actor?.releases?.(hold({ kind, app: 'files' }))).toBe(true);
  expect(actor?.releases?.(hold({ kind: 'gate', app: 'files' }))).toBe(false);
  expect(actor?.releases?.(hold({ kind: 'owner', app: 'messages' }))).toBe(false);

  const moved = (name: string) =>
    app(name, {
      state: 'on-green',
      actions: [{ verb: 'start', by: 'eksodus', reason: 'its time', at: ago(60) }],
      history: [{ greenPercent: 5, bakeSeconds: 1, askedAt: ago(50) }],
    });
  const ended = upgrade({ apps: [moved('files'), moved('search')] });
  await actor?.look?.(ended);
  expect(actor?.noted?.(ended)).toEqual({
    'files commands': ['schedule'],
    'files begun': ['start by eksodus: its time'],
    'files asked': [ago(50)],
    'files due': [commands[0]?.[4]],
    'search commands': [],
    'search begun': ['start by eksodus: its time'],
    'search asked': [ago(50)],
    'search due': [],
    reminded: [],
  });
});
