import { afterEach, describe, expect, it, vi } from 'vitest';
import { temporalSettings } from '../../src/cli/commands/connection.ts';

describe('where Temporal is', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('is on this machine unless the environment says otherwise', () => {
    vi.stubEnv('TEMPORAL_ADDRESS', undefined);
    vi.stubEnv('TEMPORAL_NAMESPACE', undefined);
    expect(temporalSettings()).toEqual({ address: '127.0.0.1:7233', namespace: 'default' });
  });

  it.each(['temporal:7233', 'temporal-frontend.temporal.svc.cluster.local:7233', '10.0.0.2:1', '[::1]:65535'])(
    'may be %s',
    (address) => {
      vi.stubEnv('TEMPORAL_ADDRESS', address);
      vi.stubEnv('TEMPORAL_NAMESPACE', 'eksodus');
      expect(temporalSettings()).toEqual({ address, namespace: 'eksodus' });
    },
  );

  it.each([
    '',
    'localhost',
    ':7233',
    'localhost:',
    'http://127.0.0.1:7233',
    '10.0.0.2:0',
    '10.0.0.2:65536',
    '::1:7233',
  ])('is not "%s"', (address) => {
    vi.stubEnv('TEMPORAL_ADDRESS', address);
    expect(temporalSettings).toThrow(`TEMPORAL_ADDRESS is "${address}"; expected host:port, such as 127.0.0.1:7233.`);
  });
});
