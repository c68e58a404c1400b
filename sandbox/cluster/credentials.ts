import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';

/** What a cluster's components need to know and trust each other by; all files are readable by us only. */
export interface Credentials {
  readonly adminToken: string;
  readonly tokenAuthFile: string;
  readonly serviceAccountKey: string;
  readonly serviceAccountPublicKey: string;
  readonly tokenWebhookConfig: string;
}

/** Makes a cluster's own keys, its administrator's token, and the file by which it asks the token webhook. */
export function makeCredentials(dir: string, webhookUrl: string): Credentials {
  const write = (name: string, text: string): string => {
    writeFileSync(join(dir, name), text, { mode: 0o600 });
    return join(dir, name);
  };
  const adminToken = randomBytes(32).toString('hex');
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const webhook = new KubeConfig();
  webhook.loadFromClusterAndUser(
    { name: 'token-webhook', server: webhookUrl, skipTLSVerify: false },
    { name: 'apiserver' },
  );
  return {
    adminToken,
    tokenAuthFile: write('tokens.csv', `${adminToken},sandbox-admin,sandbox-admin,"system:masters"\n`),
    serviceAccountKey: write('service-account.key', privateKey),
    serviceAccountPublicKey: write('service-account.pub', publicKey),
    tokenWebhookConfig: write('token-webhook.kubeconfig', webhook.exportConfig()),
  };
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----\n/g;

/** The PEM CA that an API server made for itself; undefined until it is there. */
export function readCa(certDir: string): string | undefined {
  const file = join(certDir, 'apiserver.crt');
  if (!existsSync(file)) return undefined;
  // The API server writes its own certificate first, then that of the CA that signed it.
  return readFileSync(file, 'utf8').match(PEM_CERTIFICATE)?.[1];
}
