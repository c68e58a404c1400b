import { Upgrades } from '../../client/upgrades.ts';

export const temporalSettings = (): { address: string; namespace: string } => ({
  address: process.env['TEMPORAL_ADDRESS'] ?? '127.0.0.1:7233',
  namespace: process.env['TEMPORAL_NAMESPACE'] ?? 'default',
});

/** Connects, lets `use` ask, and closes whatever happens. */
export async function withUpgrades<T>(use: (upgrades: Upgrades) => Promise<T>): Promise<T> {
  const upgrades = await Upgrades.connect(temporalSettings());
  try {
    return await use(upgrades);
  } finally {
    await upgrades.close();
  }
}
