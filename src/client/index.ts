// The one way to Temporal for the command line and the server.
import { Apps } from './apps.ts';
import { Discovery } from './discovery.ts';
import { Names } from './names.ts';
import { Temporal, type ConnectOptions } from './temporal.ts';
import { Upgrades } from './upgrades.ts';

export interface Eksodus {
  readonly upgrades: Upgrades;
  readonly apps: Apps;
  readonly discovery: Discovery;
  readonly names: Names;
  close(): Promise<void>;
}

/** @throws ClientError `unreachable` when Temporal does not answer */
export async function connect(options: ConnectOptions): Promise<Eksodus> {
  const temporal = await Temporal.connect(options);
  const upgrades = new Upgrades(temporal);
  const apps = new Apps(temporal, upgrades);
  return {
    upgrades,
    apps,
    discovery: new Discovery(temporal),
    names: new Names(temporal, apps),
    close: () => temporal.close(),
  };
}
