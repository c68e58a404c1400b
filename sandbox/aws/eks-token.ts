/** Why a token is not accepted; the text goes to the API server's log. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
}

const PREFIX = 'k8s-aws-v1.';
const LONGEST_TOKEN = 4_096;
const LONGEST_EXPIRY_SECONDS = 900;
const VALID_FOR_MS = 15 * 60_000;
/** A clock may be ahead of ours. */
const ALLOWED_SKEW_MS = 5 * 60_000;
const STS_HOST = /^sts(\.[a-z0-9-]+)?\.amazonaws\.com$/;
const CLUSTER_HEADER = 'x-k8s-aws-id';

const ALLOWED_PARAMETERS = new Set([
  'action',
  'version',
  'x-amz-algorithm',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
]);

/**
 * The URL in an EKS token: a presigned STS GetCallerIdentity. All that can be told without STS is checked, by the
 * rules of aws-iam-authenticator, so that a token is good for nothing else and nothing else is taken for a token.
 * @throws TokenRefused
 */
export function presignedUrl(token: string, now: Date): URL {
  if (token.length > LONGEST_TOKEN) throw new TokenRefused('token is too large');
  if (!token.startsWith(PREFIX)) throw new TokenRefused(`token is missing expected "${PREFIX}" prefix`);
  const text = Buffer.from(token.slice(PREFIX.length), 'base64url').toString('utf8');
  if (!URL.canParse(text)) throw new TokenRefused('token carries no URL');
  const url = new URL(text);
  if (url.protocol !== 'https:') throw new TokenRefused(`unexpected scheme ${url.protocol} in pre-signed URL`);
  if (!STS_HOST.test(url.host) || url.username || url.password)
    throw new TokenRefused(`unexpected hostname ${url.host} in pre-signed URL`);
  if (url.pathname !== '/' || url.hash) throw new TokenRefused('unexpected path in pre-signed URL');
  checkParameters(parametersOf(url), now);
  return url;
}

function parametersOf(url: URL): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    const key = name.toLowerCase();
    if (parameters.has(key)) throw new TokenRefused(`query parameter with multiple values not supported: ${name}`);
    if (!ALLOWED_PARAMETERS.has(key)) throw new TokenRefused(`non-whitelisted query parameter ${name}`);
    parameters.set(key, value);
  }
  return parameters;
}

function checkParameters(parameters: ReadonlyMap<string, string>, now: Date): void {
  const action = parameters.get('action');
  if (action !== 'GetCallerIdentity') throw new TokenRefused(`unexpected action ${action} in pre-signed URL`);
  const signed = parameters.get('x-amz-signedheaders')?.toLowerCase().split(';') ?? [];
  if (!signed.includes(CLUSTER_HEADER))
    throw new TokenRefused(`client did not sign the ${CLUSTER_HEADER} header in the pre-signed URL`);
  const expires = parameters.get('x-amz-expires') ?? '';
  if (!/^\d+$/.test(expires) || Number(expires) > LONGEST_EXPIRY_SECONDS) {
    throw new TokenRefused(
      `invalid X-Amz-Expires parameter in pre-signed URL: "${expires}", expected 0 to ${LONGEST_EXPIRY_SECONDS}`,
    );
  }
  const signedAt = timeOf(parameters.get('x-amz-date') ?? '');
  if (Number.isNaN(signedAt)) throw new TokenRefused('error parsing X-Amz-Date parameter in pre-signed URL');
  if (signedAt + VALID_FOR_MS <= now.getTime())
    throw new TokenRefused('X-Amz-Date parameter is expired (15 minute expiration)');
  if (signedAt - ALLOWED_SKEW_MS > now.getTime()) throw new TokenRefused('X-Amz-Date parameter is in the future');
}

const timeOf = (amzDate: string): number =>
  Date.parse(amzDate.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
