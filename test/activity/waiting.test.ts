import { once } from 'node:events';
import { CancelledFailure } from '@temporalio/common';
import type { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { beat, beatingEvery } from '../../activities/heartbeat.ts';
import { pollUntil, type Look } from '../../activities/poll.ts';
import { systemClock } from '../../src/adapters/clock.ts';
import { activityEnvironment, answers, failureOf, FakeClock } from './fakes.ts';

const WAIT = { what: 'the kettle to boil', deadlineSeconds: 600 };

describe('pollUntil', () => {
  it('looks until it is done, and beats with what each look saw', async () => {
    const running = activityEnvironment();
    const clock = new FakeClock();
    const since = clock.now();
    const look = answers<Look<string>>({ waiting: 'cold' }, { waiting: 'warm' }, { done: 'tea' });
    expect(await running.environment.run(() => pollUntil(clock, { ...WAIT, look }))).toBe('tea');
    expect(running.beats).toEqual([
      { since, waiting: 'cold' },
      { since, waiting: 'warm' },
    ]);
  });

  it('fails as the look says', async () => {
    const { environment } = activityEnvironment();
    const look = answers<Look<never>>({ failed: 'no power', type: 'eks.create-failed' });
    const failure = await failureOf(environment.run(() => pollUntil(new FakeClock(), { ...WAIT, look })));
    expect(failure).toMatchObject({ type: 'eks.create-failed', message: 'no power', nonRetryable: true });
  });

  it('says at the deadline what it waited for and what it last saw', async () => {
    const { environment } = activityEnvironment();
    const look = answers<Look<never>>({ waiting: 'cold' }, { waiting: 'lukewarm' });
    const failure = await failureOf(environment.run(() => pollUntil(new FakeClock(), { ...WAIT, look })));
    expect(failure.message).toBe('waited 600 s for the kettle to boil; last seen: lukewarm');
    expect(failure.type).toBe('wait.deadline');
  });

  it('is quick for quick things and gentle for slow ones, and never waits a tenth too long', async () => {
    const { environment } = activityEnvironment();
    const clock = new FakeClock();
    await environment
      .run(() => pollUntil(clock, { ...WAIT, look: answers<Look<never>>({ waiting: 'cold' }) }))
      .catch(() => undefined);
    expect(clock.sleeps[0]).toBe(250);
    expect(Math.max(...clock.sleeps)).toBe(10_000);
    let waitedMs = 0;
    for (const pauseMs of clock.sleeps) {
      expect(pauseMs).toBeLessThanOrEqual(Math.max(250, waitedMs * 0.1));
      waitedMs += pauseMs;
    }
  });

  it('keeps the deadline of an attempt that a crash ended', async () => {
    const clock = new FakeClock();
    const heartbeatDetails = { since: clock.now() - 599_000, waiting: 'cold' };
    const { environment } = activityEnvironment({ heartbeatDetails });
    const look = answers<Look<never>>({ waiting: 'still cold' });
    const failure = await failureOf(environment.run(() => pollUntil(clock, { ...WAIT, look })));
    expect(failure.type).toBe('wait.deadline');
    expect(look.calls).toHaveLength(2);
  });

  it('ends when the activity is cancelled', async () => {
    const { environment } = activityEnvironment();
    const look = answers<Look<never>>({ waiting: 'cold' });
    const waiting = environment.run(() => pollUntil(systemClock, { ...WAIT, look }));
    await once(environment, 'heartbeat');
    environment.cancel();
    await expect(waiting).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    expect(look.calls).toHaveLength(1);
  });
});

describe('the beating interceptor', () => {
  const beatingEnvironment = (heartbeatDetails?: unknown) =>
    activityEnvironment({ heartbeatDetails }, [beatingEvery(2)]).environment;
  const beatsOf = async (environment: MockActivityEnvironment, count: number): Promise<unknown[]> => {
    const seen: unknown[] = [];
    while (seen.length < count) seen.push(...(await once(environment, 'heartbeat')));
    return seen;
  };

  it('beats for an activity that only does one long call', async () => {
    const environment = beatingEnvironment();
    const beats = beatsOf(environment, 3);
    await environment.run(() => beats);
    expect(await beats).toEqual([undefined, undefined, undefined]);
  });

  it('repeats what the activity last said, also when an earlier attempt said it', async () => {
    const environment = beatingEnvironment({ since: 1 });
    const fromBefore = beatsOf(environment, 2);
    await environment.run(() => fromBefore);
    expect(await fromBefore).toEqual([{ since: 1 }, { since: 1 }]);
    const own = environment.run(() => {
      beat({ since: 2 });
      return beatsOf(environment, 2);
    });
    expect(await own).toEqual([{ since: 2 }, { since: 2 }]);
  });

  it('falls silent with the activity, also when that fails', async () => {
    const environment = beatingEnvironment();
    await expect(
      environment.run(async () => {
        await beatsOf(environment, 1);
        throw new CancelledFailure('stop');
      }),
    ).rejects.toThrow('stop');
    let beats = 0;
    environment.on('heartbeat', () => (beats += 1));
    // A second activity of the same length beats; the first one's timer would double the count.
    const second = beatingEnvironment();
    await second.run(() => beatsOf(second, 5));
    expect(beats).toBe(0);
  });
});
