// What the zone writer needs to run for real: Temporal, the AWS gateway with zones of apps, and a worker.
import { fileURLToPath } from 'node:url';
import { ChangeResourceRecordSetsCommand, CreateHostedZoneCommand, Route53Client } from '@aws-sdk/client-route-53';
import { Client, Connection } from '@temporalio/client';
import type { HostedZone } from '../../src/domain/environment.ts';
import { RECORD_TYPES } from '../../src/domain/traffic.ts';
import { startAwsGateway } from '../aws/gateway.ts';
import type { AwsGateway, SandboxSettings, Speed } from '../contracts.ts';
import { given } from '../given.ts';
import { WORKER_POLICY } from '../policies.ts';
import { Processes } from '../process/processes.ts';
import { startTemporal } from '../temporal.ts';
import type { Name } from './zone-askers.ts';
import { hostOf, recordsAt } from './zone-names.ts';

export interface ZoneParts {
  readonly gateway: AwsGateway;
  readonly temporal: Client;
  readonly names: readonly Name[];
  readonly zones: readonly HostedZone[];
  stop(): Promise<void>;
}

const WORKER = fileURLToPath(new URL('zone-worker.ts', import.meta.url));
/** Four records an app, in batches of 1,000. */
const APPS_PER_BATCH = 250;

export async function startZoneParts(options: {
  readonly dir: string;
  readonly speed: Speed;
  readonly apps: number;
  readonly zones: number;
  readonly signal: AbortSignal;
}): Promise<ZoneParts> {
  const settings: SandboxSettings = {
    dir: options.dir,
    speed: options.speed,
    account: '000000000000',
    region: 'ap-northeast-1',
  };
  const processes = new Processes({ logDir: options.dir });
  const undo: (() => Promise<void>)[] = [() => processes.stopAll()];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  options.signal.addEventListener('abort', () => void processes.stopAll(), { once: true });
  try {
    const [{ address }, gateway] = await Promise.all([
      startTemporal({ processes }),
      startAwsGateway({
        settings,
        processes,
        controlPlanes: () => {
          throw new Error('the bench has no clusters');
        },
        onInSync: () => undefined,
      }),
    ]);
    undo.push(() => gateway.stop());
    const { key } = await gateway.createPrincipal('eksodus-worker', WORKER_POLICY);
    const env = {
      AWS_ACCESS_KEY_ID: key.accessKeyId,
      AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
      AWS_REGION: settings.region,
      AWS_ENDPOINT_URL: gateway.url,
      TEMPORAL_ADDRESS: address,
    };
    // For the adapter, when the bench uses it itself.
    Object.assign(process.env, env);
    await processes.start({ name: 'worker', command: process.execPath, args: [WORKER], env });
    const zones = await makeZones(gateway, settings.region, options.zones);
    const names = Array.from({ length: options.apps }, (_, app): Name => {
      const zone = given(zones[app % zones.length], 'zone of the app');
      return { zone, host: hostOf(zone.name, app) };
    });
    await seed(gateway, settings.region, names);
    const connection = await Connection.connect({ address });
    undo.push(() => connection.close());
    return { gateway, temporal: new Client({ connection }), names, zones, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const clientOf = (gateway: AwsGateway, region: string): Route53Client =>
  new Route53Client({ endpoint: gateway.url, region, credentials: gateway.rootKey, maxAttempts: 10 });

async function makeZones(gateway: AwsGateway, region: string, count: number): Promise<HostedZone[]> {
  const route53 = clientOf(gateway, region);
  const zones: HostedZone[] = [];
  for (let number = 1; number <= count; number += 1) {
    const name = `bench-${number}.test`;
    const { HostedZone } = await route53.send(new CreateHostedZoneCommand({ Name: name, CallerReference: name }));
    zones.push({ id: given(HostedZone?.Id, 'id of a zone').replace('/hostedzone/', ''), name });
  }
  route53.destroy();
  return zones;
}

/** All apps on blue, with green at 0. */
async function seed(gateway: AwsGateway, region: string, names: readonly Name[]): Promise<void> {
  const route53 = clientOf(gateway, region);
  for (const [HostedZoneId, ofZone] of Map.groupBy(names, ({ zone }) => zone.id))
    for (let at = 0; at < ofZone.length; at += APPS_PER_BATCH) {
      const Changes = ofZone.slice(at, at + APPS_PER_BATCH).flatMap(({ host }) => changesFor(host));
      await route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch: { Changes } }));
    }
  route53.destroy();
}

const changesFor = (host: string) =>
  RECORD_TYPES.flatMap((Type) =>
    recordsAt(host, 0).map(({ setIdentifier, weight, target }) => ({
      Action: 'CREATE' as const,
      ResourceRecordSet: {
        Name: host,
        Type,
        SetIdentifier: setIdentifier,
        Weight: weight,
        AliasTarget: { DNSName: target.hostname, HostedZoneId: target.hostedZoneId, EvaluateTargetHealth: true },
      },
    })),
  );
