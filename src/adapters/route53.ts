import {
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  GetHostedZoneCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
  type ListResourceRecordSetsCommandOutput,
  type ResourceRecordSet,
} from '@aws-sdk/client-route-53';
import type { AliasTarget, RecordChange } from '../domain/traffic.ts';
import { AccountShare } from './account-share.ts';
import { required } from './aws-answers.ts';
import { REQUEST_LIMITS, sayingWhatWasAsked } from './aws-client.ts';
import { plainName, readingTogether, readNames, type ListStart, type Page, type Records } from './route53-names.ts';

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
  /** All record sets of one name. Asked for many at once, it reads them together. */
  recordsOf(zoneId: string, name: string): Promise<readonly ZoneRecord[]>;
  recordsOfAll(zoneId: string, names: readonly string[]): Promise<Records>;
  allRecords(zoneId: string): Promise<readonly ZoneRecord[]>;
  /** All of the changes or none. Returns the change's id. */
  change(zoneId: string, changes: readonly HostChange[]): Promise<string>;
  /** Whether all of Route 53's name servers answer by the change. */
  isInSync(changeId: string): Promise<boolean>;
  zone(zoneId: string): Promise<{ readonly name: string; readonly nameServers: readonly string[] }>;
}

/** Route 53 is one for all regions; its requests are signed for this one. */
const REGION = 'us-east-1';

/** AWS's, for all requests of an account together. */
const ACCOUNT_LIMIT = { burst: 50, perSecond: 10 };

/**
 * What is throttled is sent again in its turn. Other retries are left to the caller: the SDK's own pause is seconds,
 * and a zone that is busy with another request is free again within one.
 */
export function createRoute53(): Route53 {
  const config = { region: REGION, maxAttempts: 1, requestHandler: REQUEST_LIMITS };
  const client = sayingWhatWasAsked(new Route53Client(config));
  const share = new AccountShare(ACCOUNT_LIMIT);

  async function list(zoneId: string, from: ListStart): Promise<Page> {
    const page: ListResourceRecordSetsCommandOutput = await share.request('work', () =>
      client.send(new ListResourceRecordSetsCommand({ HostedZoneId: zoneId, ...from })),
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

  async function allRecords(zoneId: string): Promise<ZoneRecord[]> {
    const records: ZoneRecord[] = [];
    for (let from: ListStart | undefined = {}; from;) {
      const page: Page = await list(zoneId, from);
      records.push(...page.records);
      from = page.next;
    }
    return records;
  }

  const recordsOfAll = (zoneId: string, names: readonly string[]): Promise<Records> =>
    readNames(names, (from) => list(zoneId, from));

  return {
    allRecords,
    recordsOfAll,
    recordsOf: readingTogether(recordsOfAll),

    async change(zoneId, changes) {
      const answer = await share.request('work', () =>
        client.send(
          new ChangeResourceRecordSetsCommand({
            HostedZoneId: zoneId,
            ChangeBatch: {
              Changes: changes.map(({ host, change }) => ({
                Action: change.action,
                ResourceRecordSet: toRecordSet(host, change),
              })),
            },
          }),
        ),
      );
      return required(answer.ChangeInfo?.Id, 'ChangeInfo.Id').replace(/^\/change\//, '');
    },

    async isInSync(changeId) {
      const { ChangeInfo } = await share.request('look', () => client.send(new GetChangeCommand({ Id: changeId })));
      return ChangeInfo?.Status === 'INSYNC';
    },

    async zone(zoneId) {
      const answer = await share.request('work', () => client.send(new GetHostedZoneCommand({ Id: zoneId })));
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
