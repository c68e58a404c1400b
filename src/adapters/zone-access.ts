// By whose rights a hosted zone is read and written, and with whom it shares Route 53's limits.
import type { Route53Client } from '@aws-sdk/client-route-53';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { HostedZone } from '../domain/environment.ts';
import { AccountShare } from './account-share.ts';
import { required } from './aws-answers.ts';
import { REQUEST_LIMITS, sayingWhatWasAsked } from './aws-client.ts';
import type { AwsCredentials } from './eks-token.ts';
import { createSts } from './sts.ts';

/** A zone, and the role by which it is reached; without one, the worker's own rights do. */
export type ZoneAccess = Pick<HostedZone, 'id' | 'roleArn' | 'externalId'>;

export interface ZoneConnection {
  readonly client: Route53Client;
  /** Of all zones of the account. */
  readonly share: AccountShare;
}

/** AWS's, for all requests of an account together. */
const ACCOUNT_LIMIT = { burst: 50, perSecond: 10 };

/** A client for each zone, kept; one share of the limits for each account. */
export function zoneConnections(
  region: string,
  makeClient: (credentials?: () => Promise<AwsCredentials>) => Route53Client,
): (zone: ZoneAccess) => Promise<ZoneConnection> {
  const sts = sayingWhatWasAsked(new STSClient({ region, requestHandler: REQUEST_LIMITS }));
  const own = new AccountShare(ACCOUNT_LIMIT);
  const others = new Map<string, AccountShare>();
  const clients = new Map<string, Route53Client>();
  let ownAccount: Promise<string> | undefined;

  return async (zone) => {
    const key = JSON.stringify([zone.id, zone.roleArn, zone.externalId]);
    const client = clients.get(key) ?? makeClient(credentialsFor(sts, zone));
    clients.set(key, client);
    return { client, share: await shareOf(zone) };
  };

  async function shareOf({ roleArn }: ZoneAccess): Promise<AccountShare> {
    if (roleArn === undefined) return own;
    ownAccount ??= createSts(sts).account();
    // A failure is not kept: the next request asks again.
    ownAccount.catch(() => (ownAccount = undefined));
    const account = accountOf(roleArn);
    if (account === (await ownAccount)) return own;
    const share = others.get(account) ?? new AccountShare(ACCOUNT_LIMIT);
    others.set(account, share);
    return share;
  }
}

const accountOf = (roleArn: string): string => required(roleArn.split(':')[4], `account in ${roleArn}`);

/** The SDK keeps what it is given until shortly before it expires. The session is named so that CloudTrail tells the zone. */
function credentialsFor(
  sts: STSClient,
  { id, roleArn, externalId }: ZoneAccess,
): (() => Promise<AwsCredentials>) | undefined {
  if (roleArn === undefined) return undefined;
  return async () => {
    const { Credentials: made } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: roleArn,
        RoleSessionName: `eksodus-zone-${id}`,
        ...(externalId === undefined ? {} : { ExternalId: externalId }),
      }),
    );
    return {
      accessKeyId: required(made?.AccessKeyId, 'Credentials.AccessKeyId'),
      secretAccessKey: required(made?.SecretAccessKey, 'Credentials.SecretAccessKey'),
      sessionToken: required(made?.SessionToken, 'Credentials.SessionToken'),
      expiration: required(made?.Expiration, 'Credentials.Expiration'),
    };
  };
}
