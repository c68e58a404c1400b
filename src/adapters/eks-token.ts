// The bearer token that an EKS API server takes: a presigned question to STS who we are, bound to the cluster's name.
import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

export interface TokenRequest {
  readonly cluster: string;
  readonly region: string;
  readonly credentials: AwsCredentials;
  /** Of the signature; now when absent. */
  readonly at?: Date;
}

/** EKS takes 0 to 900, whatever the token's own life of 15 minutes; this is what AWS's own tool sends. */
const EXPIRES_SECONDS = 60;

/** EKS refuses any query parameter beyond these two and the signature's own. */
const QUERY = { Action: 'GetCallerIdentity', Version: '2011-06-15' } as const;

/** Valid for 15 minutes. */
export async function eksToken({ cluster, region, credentials, at }: TokenRequest): Promise<string> {
  const host = `sts.${region}.amazonaws.com`;
  const signer = new SignatureV4({ service: 'sts', region, credentials: { ...credentials }, sha256: Sha256 });
  const signed = await signer.presign(
    new HttpRequest({
      method: 'GET',
      protocol: 'https:',
      hostname: host,
      path: '/',
      query: QUERY,
      headers: { host, 'x-k8s-aws-id': cluster },
    }),
    { expiresIn: EXPIRES_SECONDS, ...(at ? { signingDate: at } : {}) },
  );
  const query = Object.entries(signed.query ?? {}).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`,
  );
  return `k8s-aws-v1.${Buffer.from(`https://${host}/?${query.join('&')}`).toString('base64url')}`;
}
