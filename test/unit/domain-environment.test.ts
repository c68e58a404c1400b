import { describe, expect, it } from 'vitest';
import { applicationName, greenName } from '../../src/domain/environment.ts';
import { migrationId, phaseId, upgradeId, zoneId } from '../../src/domain/ids.ts';

const named = (green: string, version = '1.36') => ({ name: 'stg', naming: { green }, target: { version } });

describe('greenName', () => {
  it('puts environment and version into the pattern, the version with dashes', () => {
    expect(greenName(named('{environment}-{version}'))).toBe('stg-1-36');
    expect(greenName(named('eks-{version}-{environment}-{version}'))).toBe('eks-1-36-stg-1-36');
  });

  it('leaves a pattern without placeholders, and unknown placeholders, as they are', () => {
    expect(greenName(named('green'))).toBe('green');
    expect(greenName(named('{region}-{version}'))).toBe('{region}-1-36');
  });

  it('gives different versions different names', () => {
    expect(greenName(named('{environment}-{version}', '1.3'))).not.toBe(
      greenName(named('{environment}-{version}', '1.30')),
    );
  });
});

describe('applicationName', () => {
  it('puts the cluster in at every place', () => {
    expect(applicationName({ application: '{cluster}-messages-{cluster}' }, 'stg-1-36')).toBe(
      'stg-1-36-messages-stg-1-36',
    );
    expect(applicationName({ application: 'messages' }, 'stg-1-36')).toBe('messages');
  });
});

describe('workflow ids', () => {
  // Running workflows are found by these, so a change of one is a change of what is out there.
  it('are what they always were', () => {
    expect(upgradeId('stg')).toBe('upgrade/stg');
    expect(phaseId('provision', 'stg', 2)).toBe('provision/stg/2');
    expect(migrationId('stg', 'messages')).toBe('migration/stg/messages');
    expect(zoneId('Z1')).toBe('zone/Z1');
  });
});
