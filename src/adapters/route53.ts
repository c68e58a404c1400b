import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  GetHostedZoneCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
  type ListResourceRecordSetsCommandInput,
  type ListResourceRecordSetsCommandOutput,
  type ResourceRecordSet,
} from '@aws-sdk/client-route-53';
import type { AliasTarget, RecordChange } from '../domain/traffic.ts';
import { required } from './aws-answers.ts';
import { REQUEST_LIMITS, sayingWhatWasAsked } from './aws-client.ts';

/** A record set as it is in the zone. Names are lower case, without the final dot. */
export interface ZoneRecord {
  readonly name: string;
  readonly type: string;
  readonly setIdentifier: string | null;
  /** Null: not weighted. */
  readonly weight: number | null;
  readonly alias: (AliasTarget & { readonly evaluateTargetHealth: boolean }) | null;
  readonly values: readonly string[];
  /** It answers only while a Route 53 health check of its own passes. */
  readonly healthChecked: boolean;
}

export interface HostChange {
  readonly host: string;
  readonly change: RecordChange;
}

export interface Route53 {
  /** All record sets of one name. */
  recordsOf(zoneId: string, name: string): Promise<readonly ZoneRecord[]>;
  allRecords(zoneId: string): Promise<readonly ZoneRecord[]>;
  /** All of the changes or none. Returns the change's id. */
  change(zoneId: string, changes: readonly HostChange[]): Promise<string>;
  /** Whether all of Route 53's name servers answer by the change. */
  isInSync(changeId: string): Promise<boolean>;
  zone(zoneId: string): Promise<{ readonly name: string; readonly nameServers: readonly string[] }>;
}

/** Route 53 is one for all regions; its requests are signed for this one. */
const REGION = 'us-east-1';

/**
 * Retries are left to the caller: the SDK's own pause is seconds, and a zone that is busy with another request
 * is free again within one.
 */
export function createRoute53(): Route53 {
  const config = { region: REGION, maxAttempts: 1, requestHandler: REQUEST_LIMITS };
  const client = sayingWhatWasAsked(new Route53Client(config));

  async function* recordSets(zoneId: string, startName?: string): AsyncGenerator<ZoneRecord> {
    let from: Omit<ListResourceRecordSetsCommandInput, 'HostedZoneId'> | undefined =
      startName === undefined ? {} : { StartRecordName: startName };
    while (from) {
      const page: ListResourceRecordSetsCommandOutput = await client.send(
        new ListResourceRecordSetsCommand({ HostedZoneId: zoneId, ...from }),
      );
      for (const set of page.ResourceRecordSets ?? []) yield toRecord(set);
      from = page.IsTruncated
        ? {
            StartRecordName: page.NextRecordName,
            StartRecordType: page.NextRecordType,
            StartRecordIdentifier: page.NextRecordIdentifier,
          }
        : undefined;
    }
  }

  return {
    async recordsOf(zoneId, name) {
      const wanted = plainName(name);
      const records: ZoneRecord[] = [];
      // The list is ordered by name, so the first other name ends it.
      for await (const record of recordSets(zoneId, wanted)) {
        if (record.name !== wanted) break;
        records.push(record);
      }
      return records;
    },

    async allRecords(zoneId) {
      const records: ZoneRecord[] = [];
      for await (const record of recordSets(zoneId)) records.push(record);
      return records;
    },

    async change(zoneId, changes) {
      const answer = await client.send(
        new ChangeResourceRecordSetsCommand({
          HostedZoneId: zoneId,
          ChangeBatch: {
            Changes: changes.map(({ host, change }) => ({
              Action: change.action,
              ResourceRecordSet: toRecordSet(host, change),
            })),
          },
        }),
      );
      return required(answer.ChangeInfo?.Id, 'ChangeInfo.Id').replace(/^\/change\//, '');
    },

    async isInSync(changeId) {
      const { ChangeInfo } = await client.send(new GetChangeCommand({ Id: changeId }));
      return ChangeInfo?.Status === 'INSYNC';
    },

    async zone(zoneId) {
      const answer = await client.send(new GetHostedZoneCommand({ Id: zoneId }));
      return {
        name: plainName(required(answer.HostedZone?.Name, 'HostedZone.Name')),
        nameServers: (answer.DelegationSet?.NameServers ?? []).map(plainName),
      };
    },
  };
}

/** Route 53 writes `*` and other signs as octal escapes, and every name with a final dot. */
export function plainName(name: string): string {
  return name
    .replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)))
    .replace(/\.$/, '')
    .toLowerCase();
}

function toRecord(set: ResourceRecordSet): ZoneRecord {
  const { AliasTarget: alias } = set;
  return {
    name: plainName(required(set.Name, 'ResourceRecordSet.Name')),
    type: required(set.Type, 'ResourceRecordSet.Type'),
    setIdentifier: set.SetIdentifier ?? null,
    weight: set.Weight ?? null,
    alias: alias
      ? {
          hostname: required(alias.DNSName, 'AliasTarget.DNSName').replace(/\.$/, ''),
          hostedZoneId: required(alias.HostedZoneId, 'AliasTarget.HostedZoneId'),
          evaluateTargetHealth: alias.EvaluateTargetHealth ?? false,
        }
      : null,
    values: (set.ResourceRecords ?? []).map(({ Value }) => required(Value, 'ResourceRecord.Value')),
    healthChecked: set.HealthCheckId !== undefined,
  };
}

const toRecordSet = (host: string, { record }: RecordChange): ResourceRecordSet => ({
  Name: host,
  Type: record.type,
  SetIdentifier: record.setIdentifier,
  Weight: record.weight,
  AliasTarget: {
    DNSName: record.target.hostname,
    HostedZoneId: record.target.hostedZoneId,
    EvaluateTargetHealth: record.evaluateTargetHealth,
  },
});
