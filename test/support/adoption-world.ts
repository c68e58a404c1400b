// Names of external-dns in zones in memory, behind the activities' ports.
import type { Activities } from '../../activities/ports.ts';
import type { ZoneRecord } from '../../src/adapters/route53.ts';
import { viewNames } from '../../src/domain/dns-view.ts';
import type { Environment } from '../../src/domain/environment.ts';
import { readExternalDns } from '../../src/domain/external-dns.ts';
import type { ClusterSeen, NamesSeen } from '../../src/domain/names-seen.ts';
import { ownerOf } from '../../src/domain/record-owner.ts';
import { app, environment } from './environment.ts';
import { ZoneWorld } from './zone-world.ts';

export const BLUE = 'stg-1-33';
export const HOST = 'h0.example.test';

/** Two zones that hold the same name, if they are twins, each with its records of external-dns. */
export class Twins {
  readonly worlds: readonly ZoneWorld[];
  /** Called before each look; `looks` counts from 1. */
  onLook: (looks: number) => void = () => undefined;
  #looks = 0;

  constructor(...zoneIds: readonly string[]) {
    this.worlds = zoneIds.map((id) => new ZoneWorld(id, 1));
    for (const world of this.worlds)
      world.replace([...world.sets.map(simple), entry(`cname-${HOST}`), entry(`aaaa-${HOST}`)]);
  }

  get environment(): Environment {
    const zones = this.worlds.map(({ zone }, index) => (index === 0 ? zone : { ...zone, private: true }));
    const hosts = zones.map(({ id }) => ({ name: HOST, zoneId: id }));
    return environment({ zones, apps: [app('web', { hosts })] });
  }

  activities(): Partial<Activities> {
    const of = (id: string): Pick<Activities, 'applyWishes' | 'awaitInSync'> => {
      const world = this.worlds.find(({ zone }) => zone.id === id);
      if (!world) throw new Error(`no zone ${id}`);
      return world.activities();
    };
    return {
      applyWishes: (input) => of(input.zone.id).applyWishes(input),
      awaitInSync: (input) => of(input.zone.id).awaitInSync(input),
      lookAtNames: async () => {
        this.#looks += 1;
        this.onLook(this.#looks);
        return this.#seen();
      },
      showNames: async () => viewNames(this.#seen(), {}),
    };
  }

  #seen(): NamesSeen {
    const { zones } = this.environment;
    const names = this.worlds.map(({ sets }, index) => ({
      app: 'web',
      host: HOST,
      zone: zones[index]!,
      records: sets,
      owner: ownerOf(sets, HOST, { formats: [], unreadable: null }),
      ttlSeconds: null,
      problem: null,
    }));
    return { at: new Date().toISOString(), blue: BLUE, green: 'stg-1-36', clusters: [CLUSTER], names };
  }
}

const simple = (record: ZoneRecord): ZoneRecord => Object.assign({}, record, { setIdentifier: null, weight: null });
const entry = (name: string): ZoneRecord => ({
  name,
  type: 'TXT',
  setIdentifier: null,
  weight: null,
  ttlSeconds: 300,
  alias: null,
  values: [`"heritage=external-dns,external-dns/owner=${BLUE},external-dns/resource=ingress/web/web"`],
  healthChecked: false,
});
const CLUSTER: ClusterSeen = {
  cluster: BLUE,
  externalDns: [
    readExternalDns({
      deployment: 'dns/external-dns',
      image: 'external-dns:v0.20.0',
      args: [`--txt-owner-id=${BLUE}`, '--interval=100ms'],
      env: {},
      readyReplicas: 1,
    }),
  ],
  problem: null,
};
