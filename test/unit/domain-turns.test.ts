import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AppStatus, HoldKind } from '../../src/domain/status.ts';
import { mayBegin } from '../../src/domain/turns.ts';
import { app } from '../support/environment.ts';
import { app as statusOf, hold } from '../support/cli-status.ts';

const held = (name: string, kind: HoldKind, greenPercent = 0): AppStatus =>
  statusOf(name, { state: 'holding', greenPercent, hold: hold({ kind, since: '2026-11-21T10:00:00.000Z' }) });
const queued = (name: string): AppStatus => held(name, 'turn');
const all = (...statuses: AppStatus[]): Map<string, AppStatus> => new Map(statuses.map((one) => [one.app, one]));
const told = (...names: string[]): Map<string, string> => new Map(names.map((name) => [name, 'then']));

const apps = ['a', 'b', 'c'].map((name) => app(name));

describe('whose turn it is', () => {
  it('is everybody’s who queues when there is no limit', () => {
    expect(mayBegin({ apps }, all(queued('a'), queued('c')), new Map())).toEqual(['a', 'c']);
  });

  it('is nobody’s who was told already', () => {
    expect(mayBegin({ apps }, all(queued('a')), new Map([['a', '2026-11-21T10:00:00.000Z']]))).toEqual([]);
  });

  it('comes again for who queues again', () => {
    expect(mayBegin({ apps }, all(queued('a')), told('a'))).toEqual(['a']);
  });

  it('comes after the apps it depends on', () => {
    const [a = app('a'), ...others] = apps;
    const waits = { apps: [{ ...a, dependsOn: ['b'] }, ...others] };
    expect(mayBegin(waits, all(queued('a')), new Map())).toEqual([]);
    expect(mayBegin(waits, all(queued('a'), statusOf('b', { state: 'baking', greenPercent: 100 })), told('b'))).toEqual(
      [],
    );
    expect(mayBegin(waits, all(queued('a'), statusOf('b', { state: 'on-green' })), told('b'))).toEqual(['a']);
  });

  it.each<[string, AppStatus, boolean]>([
    ['moves', statusOf('a', { state: 'moving' }), false],
    ['bakes', statusOf('a', { state: 'baking', greenPercent: 50 }), false],
    ['goes back', statusOf('a', { state: 'reversing', greenPercent: 50 }), false],
    ['waits for its window', held('a', 'window'), false],
    ['is paused half-way', held('a', 'paused', 50), false],
    ['is pinned', held('a', 'pinned', 25), false],
    ['holds half-way', held('a', 'gate', 50), false],
    ['was given back by its gate', held('a', 'gate'), true],
    ['was taken back', held('a', 'aborted'), true],
    ['is on green', statusOf('a', { state: 'on-green', greenPercent: 100 }), true],
  ])('is the next one’s while the one before %s', (_, status, isFree) => {
    expect(mayBegin({ apps, maxMoving: 1 }, all(status, queued('b')), told('a'))).toEqual(isFree ? ['b'] : []);
  });

  it('never lets more begin than are allowed', () => {
    const state = fc.constantFrom<AppStatus['state']>('moving', 'baking', 'on-green', 'on-blue', 'reversing');
    const status = (name: string) =>
      fc.oneof(
        state.map((one) => statusOf(name, { state: one, greenPercent: 50 })),
        fc.constant(queued(name)),
      );
    const names = Array.from({ length: 12 }, (_, index) => `app-${index}`);
    fc.assert(
      fc.property(fc.tuple(...names.map(status)), fc.integer({ min: 1, max: 12 }), (statuses, maxMoving) => {
        const many = { apps: names.map((name) => app(name)), maxMoving };
        const begun = statuses.filter(({ hold: holding }) => holding === undefined);
        const granted = told(...begun.map((one) => one.app));
        const moving = begun.filter(({ state: one }) => one !== 'on-green' && one !== 'on-blue').length;
        const next = mayBegin(many, all(...statuses), granted);
        expect(next.length + moving).toBeLessThanOrEqual(Math.max(maxMoving, moving));
        expect(next.length).toBe(Math.max(0, Math.min(maxMoving - moving, statuses.length - begun.length)));
      }),
    );
  });
});
