import { ServiceError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { ranOutOfTime, saysNoWorker, temporalSaid } from '../../src/client/errors.ts';

/** As the gRPC client throws it, wrapped by Temporal's. */
function failed(code: number, name: string): ServiceError {
  const cause = Object.assign(new Error(`${code} ${name}: it happened`), {
    code,
    details: 'it happened',
    metadata: {},
  });
  return new ServiceError('Failed to query', { cause });
}

describe('a call that took too long', () => {
  it.each([
    [4, 'DEADLINE_EXCEEDED', 'by our clock'],
    [1, 'CANCELLED', 'by that of the server, which gave up first'],
  ])('is one with the code %i, %s: %s', (code, name) => {
    const error = failed(code, name);
    expect(ranOutOfTime(error)).toBe(true);
    expect(temporalSaid(error, '127.0.0.1:7233')).toMatchObject({
      kind: 'unreachable',
      message: 'Temporal does not answer at 127.0.0.1:7233. Set TEMPORAL_ADDRESS, or start it.',
    });
  });

  it('is no call that Temporal did not even wait with, for want of a worker', () => {
    const without = failed(9, 'FAILED_PRECONDITION: no poller seen for task queue recently, worker may be down');
    expect(saysNoWorker(without)).toBe(true);
    expect(saysNoWorker(failed(9, 'FAILED_PRECONDITION'))).toBe(false);
    expect(ranOutOfTime(without)).toBe(false);
  });

  it('is no call that was refused', () => {
    const error = failed(7, 'PERMISSION_DENIED');
    expect(ranOutOfTime(error)).toBe(false);
    expect(temporalSaid(error, '127.0.0.1:7233')?.message).toBe(
      'Temporal at 127.0.0.1:7233 did not do it: 7 PERMISSION_DENIED: it happened',
    );
  });
});
