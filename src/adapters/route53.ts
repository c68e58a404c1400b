import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  GetHostedZoneCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
  RRType,
  type ListResourceRecordSetsCommandOutput,
  type ResourceRecordSet,
} from '@aws-sdk/client-route-53';
import type { RecordSet, RecordSetChange } from '../domain/record-set.ts';
import type { RequestKind } from './account-share.ts';
import { required } from './aws-answers.ts';
import { REQUEST_LIMITS, sayingWhatWasAsked } from './aws-client.ts';
import { plainName, readingTogether, readNames, type ListStart, type Page, type Records } from './route53-names.ts';
import { zoneConnections, type ZoneAccess } from './zone-access.ts';

/** Whose names are lower case, without the final dot. */
export type ZoneRecord = RecordSet;

export interface Route53 {
  /** All record sets of one name. Asked for many at once, it reads them together. */
  recordsOf(zone: ZoneAccess, name: string): Promise<readonly ZoneRecord[]>;
  recordsOfAll(zone: ZoneAccess, names: readonly string[]): Promise<Records>;
  allRecords(zone: ZoneAccess): Promise<readonly ZoneRecord[]>;
  /** All of the changes or none. Returns the change's id. */
  change(zone: ZoneAccess, changes: readonly RecordSetChange[]): Promise<string>;
  /** Whether all of Route 53's name servers answer by the change. */
  isInSync(zone: ZoneAccess, changeId: string): Promise<boolean>;
  zone(zone: ZoneAccess): Promise<{ readonly name: string; readonly nameServers: readonly string[] }>;
}

/** Route 53 is one for all regions; its requests are signed for this one. */
const REGION = 'us-east-1';

/**
 * What is throttled is sent again in its turn. Other retries are left to the caller: the SDK's own pause is seconds,
 * and a zone that is busy with another request is free again within one.
 */
export function createRoute53(): Route53 {
  const config = { region: REGION, maxAttempts: 1, requestHandler: REQUEST_LIMITS };
  const connection = zoneConnections(REGION, (credentials) =>
    sayingWhatWasAsked(new Route53Client({ ...config, ...(credentials ? { credentials } : {}) })),
  );

  async function ask<T>(zone: ZoneAccess, kind: RequestKind, send: (client: Route53Client) => Promise<T>): Promise<T> {
    try {
      const { client, share } = await connection(zone);
      return await share.request(kind, () => send(client));
    } catch (error) {
      throw error instanceof Error && zone.roleArn !== undefined ? Object.assign(error, { role: zone.roleArn }) : error;
    }
  }

  async function list(zone: ZoneAccess, from: ListStart): Promise<Page> {
    const page: ListResourceRecordSetsCommandOutput = await ask(zone, 'work', (client) =>
      client.send(new ListResourceRecordSetsCommand({ HostedZoneId: zone.id, ...from })),
    );
    return {
      records: (page.ResourceRecordSets ?? []).map(toRecord),
      next: page.IsTruncated
        ? {
            StartRecordName: page.NextRecordName,
            StartRecordType: page.NextRecordType,
            StartRecordIdentifier: page.NextRecordIdentifier,
          }
        : undefined,
    };
  }

  async function allRecords(zone: ZoneAccess): Promise<ZoneRecord[]> {
    const records: ZoneRecord[] = [];
    for (let from: ListStart | undefined = {}; from;) {
      const page: Page = await list(zone, from);
      records.push(...page.records);
      from = page.next;
    }
    return records;
  }

  const recordsOfAll = (zone: ZoneAccess, names: readonly string[]): Promise<Records> =>
    readNames(names, (from) => list(zone, from));

  return {
    allRecords,
    recordsOfAll,
    recordsOf: readingTogether(recordsOfAll),

    async change(zone, changes) {
      const batch = {
        Changes: changes.map(({ action, record }) => ({ Action: action, ResourceRecordSet: fromRecord(record) })),
      };
      const answer = await ask(zone, 'work', (client) =>
        client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: zone.id, ChangeBatch: batch })),
      );
      return required(answer.ChangeInfo?.Id, 'ChangeInfo.Id').replace(/^\/change\//, '');
    },

    async isInSync(zone, changeId) {
      const { ChangeInfo } = await ask(zone, 'look', (client) => client.send(new GetChangeCommand({ Id: changeId })));
      return ChangeInfo?.Status === 'INSYNC';
    },

    async zone(zone) {
      const answer = await ask(zone, 'work', (client) => client.send(new GetHostedZoneCommand({ Id: zone.id })));
      return {
        name: plainName(required(answer.HostedZone?.Name, 'HostedZone.Name')),
        nameServers: (answer.DelegationSet?.NameServers ?? []).map(plainName),
      };
    },
  };
}

function toRecord(set: ResourceRecordSet): ZoneRecord {
  const { AliasTarget: alias } = set;
  return {
    name: plainName(required(set.Name, 'ResourceRecordSet.Name')),
    type: required(set.Type, 'ResourceRecordSet.Type'),
    setIdentifier: set.SetIdentifier ?? null,
    weight: set.Weight ?? null,
    ttlSeconds: set.TTL ?? null,
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

const RECORD_TYPES = Object.values(RRType);

function fromRecord({ name, type, setIdentifier, weight, ttlSeconds, alias, values }: ZoneRecord): ResourceRecordSet {
  return {
    Name: name,
    Type: required(
      RECORD_TYPES.find((one) => one === type),
      `record type ${type}`,
    ),
    ...(setIdentifier === null ? {} : { SetIdentifier: setIdentifier }),
    ...(weight === null ? {} : { Weight: weight }),
    ...(ttlSeconds === null ? {} : { TTL: ttlSeconds }),
    ...(alias === null
      ? { ResourceRecords: values.map((Value) => ({ Value })) }
      : {
          AliasTarget: {
            DNSName: alias.hostname,
            HostedZoneId: alias.hostedZoneId,
            EvaluateTargetHealth: alias.evaluateTargetHealth,
          },
        }),
  };
}
