import { GetHostedZoneCommand, ListResourceRecordSetsCommand, NoSuchHostedZone } from '@aws-sdk/client-route-53';
import type { Route53Client } from '@aws-sdk/client-route-53';
import { AwsError } from '../errors.ts';
import { fromSdk, fullName, inListOrder } from './records.ts';
import type { Zone } from './zone-rules.ts';

/**
 * What is in each zone. ministack keeps the zones themselves, and gives each its first records; the rest is kept here,
 * because ministack knows no rules between record sets and takes seconds for a batch in a zone of thousands.
 */
export class Zones {
  readonly #ministack: Route53Client;
  readonly #known = new Map<string, Zone>();

  constructor(ministack: Route53Client) {
    this.#ministack = ministack;
  }

  /** @throws AwsError NoSuchHostedZone */
  async get(id: string): Promise<Zone> {
    const known = this.#known.get(id) ?? (await this.#created(id));
    // Two may have asked for it at once, and one of them may have changed it already.
    return this.#known.get(id) ?? this.#keep(id, known);
  }

  /** The zone, if anything was ever asked about its records. */
  known(id: string): Zone | undefined {
    return this.#known.get(id);
  }

  async change(id: string, change: Partial<Pick<Zone, 'records' | 'protections'>>): Promise<Zone> {
    return this.#keep(id, { ...(await this.get(id)), ...change });
  }

  forget(id: string): void {
    this.#known.delete(id);
  }

  #keep(id: string, zone: Zone): Zone {
    const kept = { ...zone, records: inListOrder(zone.records) };
    this.#known.set(id, kept);
    return kept;
  }

  /** As ministack made it: with SOA and NS. */
  async #created(id: string): Promise<Zone> {
    try {
      const [{ HostedZone: zone }, { ResourceRecordSets: sets = [] }] = await Promise.all([
        this.#ministack.send(new GetHostedZoneCommand({ Id: id })),
        this.#ministack.send(new ListResourceRecordSetsCommand({ HostedZoneId: id })),
      ]);
      return { name: fullName(zone?.Name ?? ''), records: sets.map(fromSdk), protections: [] };
    } catch (error) {
      if (error instanceof NoSuchHostedZone) throw new AwsError(404, 'NoSuchHostedZone', error.message);
      throw error;
    }
  }
}
