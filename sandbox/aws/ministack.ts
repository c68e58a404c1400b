import { EC2Client } from '@aws-sdk/client-ec2';
import { IAMClient } from '@aws-sdk/client-iam';
import { Route53Client } from '@aws-sdk/client-route-53';
import { STSClient } from '@aws-sdk/client-sts';
import type { AccessKey, SandboxSettings } from '../contracts.ts';
import { freePort } from '../process/ports.ts';
import type { Processes } from '../process/processes.ts';
import { httpOk } from '../process/ready.ts';
import { partFile } from '../setup/cache.mjs';

/** Credentials as SDK clients take them. */
export interface Credentials extends AccessKey {
  readonly sessionToken?: string;
}

/** The AWS emulator, and clients that speak to it as root, past the gateway. */
export interface Ministack {
  readonly url: URL;
  readonly rootKey: AccessKey;
  readonly ec2: EC2Client;
  readonly iam: IAMClient;
  readonly route53: Route53Client;
  /** STS as somebody else. */
  stsAs(credentials: Credentials): STSClient;
  stop(): Promise<void>;
}

/** ministack's root; it never verifies what is signed with it. */
const ROOT_KEY: AccessKey = { accessKeyId: 'test', secretAccessKey: 'test' };

/** Starts ministack on a free loopback port, verifying signatures and policies. It keeps everything in memory. */
export async function startMinistack(options: { settings: SandboxSettings; processes: Processes }): Promise<Ministack> {
  const { settings, processes } = options;
  const port = await freePort();
  const url = new URL(`http://127.0.0.1:${port}`);
  const running = await processes.start({
    name: 'aws-emulator',
    command: partFile('aws-emulator', 'bin/python'),
    args: ['-m', 'ministack'],
    env: {
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      AUTH: 'true',
      // Both listen on ports of their own.
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      MINISTACK_ACCOUNT_ID: settings.account,
      MINISTACK_REGION: settings.region,
      AWS_ACCESS_KEY_ID: ROOT_KEY.accessKeyId,
      AWS_SECRET_ACCESS_KEY: ROOT_KEY.secretAccessKey,
    },
    ready: () => httpOk(new URL('/_ministack/health', url).href),
  });
  const shared = { endpoint: url.href, region: settings.region };
  const asRoot = { ...shared, credentials: ROOT_KEY };
  return {
    url,
    rootKey: ROOT_KEY,
    ec2: new EC2Client(asRoot),
    iam: new IAMClient(asRoot),
    route53: new Route53Client(asRoot),
    stsAs: (credentials) => new STSClient({ ...shared, credentials }),
    stop: () => running.stop(),
  };
}
