import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AccountShare, type RequestKind } from '../../src/adapters/account-share.ts';

const LIMIT = { burst: 50, perSecond: 10 };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const throttled = (): Error => Object.assign(new Error('Rate exceeded'), { name: 'Throttling' });

/** Seconds since the test began. */
const clock = (): (() => number) => {
  const began = performance.now();
  return () => (performance.now() - began) / 1000;
};

describe('what an account may ask', () => {
  it('is a burst at once, and then so many a second', async () => {
    const share = new AccountShare(LIMIT);
    const now = clock();
    const sent: number[] = [];
    const all = Array.from({ length: 100 }, () => share.request('work', async () => void sent.push(now())));
    await vi.advanceTimersByTimeAsync(10_000);
    await Promise.all(all);
    expect(sent.filter((at) => at === 0)).toHaveLength(LIMIT.burst);
    for (const from of [1, 2, 3, 4])
      expect(sent.filter((at) => at > from && at <= from + 1).length).toBeLessThanOrEqual(LIMIT.perSecond);
    expect(sent.at(-1)).toBeLessThan(5.5);
  });

  it('goes round among all who ask: nobody is two requests behind anybody else who wants as much', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 30 }),
        fc.array(fc.boolean(), { maxLength: 20 }),
        async (zones, refusals) => {
          const share = new AccountShare(LIMIT);
          const turns = Array.from({ length: zones }, () => 0);
          // Never so many together that a request becomes the caller's again.
          const refused = refusals.flatMap((is) => (is ? [true, true, true, false] : [false]));
          const over = new AbortController();
          const writer = async (zone: number): Promise<void> => {
            while (!over.signal.aborted)
              await share.request('work', async () => {
                if (refused.splice(0, 1)[0]) throw throttled();
                turns[zone]! += 1;
                expect(Math.max(...turns) - Math.min(...turns)).toBeLessThanOrEqual(2);
              });
          };
          const all = Promise.allSettled(turns.map((_, zone) => writer(zone)));
          await vi.advanceTimersByTimeAsync(20_000);
          over.abort();
          await vi.advanceTimersByTimeAsync(60_000);
          expect((await all).filter(({ status }) => status === 'rejected')).toEqual([]);
          expect(Math.min(...turns)).toBeGreaterThan(0);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('is first for work, but every fourth turn is for a look that waits', async () => {
    const share = new AccountShare({ burst: 1, perSecond: 10 });
    const sent: RequestKind[] = [];
    const ask = (kind: RequestKind): Promise<void> => share.request(kind, async () => void sent.push(kind));
    const all = [ask('work'), ask('look'), ask('look'), ask('look'), ...Array.from({ length: 6 }, () => ask('work'))];
    await vi.advanceTimersByTimeAsync(2_000);
    await Promise.all(all);
    expect(sent.join(' ')).toBe('work work work look work work work look work look');
  });
});

describe('when others use the account too', () => {
  it('sends what was refused before everything that came later', async () => {
    const share = new AccountShare({ burst: 1, perSecond: 10 });
    const sent: string[] = [];
    let refusals = 3;
    const first = share.request('work', async () => {
      sent.push('first');
      refusals -= 1;
      if (refusals > 0) throw throttled();
    });
    const second = share.request('work', async () => void sent.push('second'));
    await vi.advanceTimersByTimeAsync(10_000);
    await Promise.all([first, second]);
    expect(sent).toEqual(['first', 'first', 'first', 'second']);
  });

  it('asks less often when refused, and as often as before some seconds later', async () => {
    const share = new AccountShare({ burst: 1, perSecond: 10 });
    const now = clock();
    const sent: number[] = [];
    let refuse = 1;
    const all = Array.from({ length: 200 }, () =>
      share.request('work', async () => {
        sent.push(now());
        refuse -= 1;
        if (refuse === 0) throw throttled();
      }),
    );
    await vi.advanceTimersByTimeAsync(30_000);
    await Promise.all(all);
    const between = (from: number, to: number): number => sent.filter((at) => at > from && at <= to).length;
    expect(between(0, 1)).toBeLessThanOrEqual(6);
    expect(between(6, 7)).toBeGreaterThanOrEqual(9);
  });

  it('gives the refusal back after some attempts, and any other failure at once', async () => {
    const share = new AccountShare(LIMIT);
    const now = clock();
    const sent: number[] = [];
    const refused = share
      .request('work', async () => {
        sent.push(now());
        throw throttled();
      })
      .catch((error: Error) => error.name);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([await refused, sent.length]).toEqual(['Throttling', 5]);
    // The burst is not left for a second attempt: somebody else has had it.
    for (const [index, at] of sent.slice(1).entries()) expect(at - sent[index]!).toBeGreaterThanOrEqual(0.1);
    const broken = share.request('work', () => Promise.reject(new Error('broken')));
    await expect(broken).rejects.toThrow('broken');
  });
});
