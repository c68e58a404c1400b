import { z } from 'zod';
import { iamArn, isRoot } from './arns.ts';
import { presignedUrl, TokenRefused } from './eks-token.ts';
import type { Eks } from './eks/service.ts';
import { forward, listen, readCall } from './http.ts';
import type { Call, Listener } from './http.ts';
import { childText, find, parseXml } from './xml.ts';

interface Caller {
  readonly arn: string;
  readonly account: string;
  readonly userId: string;
}

const tokenReview = z.object({
  apiVersion: z.literal(['authentication.k8s.io/v1', 'authentication.k8s.io/v1beta1']),
  kind: z.literal('TokenReview'),
  spec: z.object({ token: z.string() }),
});

/**
 * What authenticates for the API servers of EKS clusters: `POST /authenticate/<cluster>` with a TokenReview. A token
 * is let in when STS knows who signed it, for this cluster, and the cluster has an access entry for that principal.
 */
export function startTokenWebhook(options: { sts: URL; eks: Eks }): Promise<Listener> {
  return listen(async (request, response) => {
    try {
      const { status, body } = await review(await readCall(request), options);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    } catch (error) {
      // The API server then says that it cannot tell, which is not the same as a refusal.
      response.writeHead(500).end(error instanceof Error ? error.message : String(error));
    }
  });
}

async function review(call: Call, { sts, eks }: { sts: URL; eks: Eks }): Promise<{ status: number; body: object }> {
  const [, cluster] = /^\/authenticate\/([^/]+)$/.exec(call.path) ?? [];
  if (call.method !== 'POST' || cluster === undefined)
    return { status: 404, body: { error: `expected POST /authenticate/<cluster>, got ${call.method} ${call.path}` } };
  const parsed = tokenReview.safeParse(JSON.parse(call.body.toString('utf8')));
  if (!parsed.success) return { status: 400, body: { error: `no TokenReview: ${parsed.error.message}` } };
  const { apiVersion, kind, spec } = parsed.data;
  const reviewed = (status: object) => ({ status: 200, body: { apiVersion, kind, status } });
  try {
    return reviewed({ authenticated: true, user: await userOf(spec.token, cluster, { sts, eks }) });
  } catch (error) {
    if (error instanceof TokenRefused) return reviewed({ authenticated: false, error: error.message });
    throw error;
  }
}

async function userOf(token: string, cluster: string, { sts, eks }: { sts: URL; eks: Eks }): Promise<object> {
  const caller = await identify(presignedUrl(token, new Date()), cluster, sts);
  const canonicalArn = iamArn(caller.arn);
  // ministack does not verify what root signs.
  if (isRoot(caller.arn)) throw new TokenRefused('the root user of the account has no access to clusters');
  const identity = eks.identityIn(cluster, caller.arn);
  if (!identity) throw new TokenRefused(`cluster ${cluster} has no access entry for ${canonicalArn}`);
  return {
    username: identity.username,
    uid: `aws-iam-authenticator:${caller.account}:${caller.userId}`,
    groups: identity.groups,
    extra: { arn: [caller.arn], canonicalArn: [canonicalArn] },
  };
}

/** Asks STS who signed, with the very request that was signed. */
async function identify(url: URL, cluster: string, sts: URL): Promise<Caller> {
  const target = `/${url.search}`;
  const headers = { host: url.host, 'x-k8s-aws-id': cluster };
  const call = { method: 'GET', target, path: '/', query: url.searchParams, headers, body: Buffer.alloc(0) };
  const { status, body } = await forward(call, sts);
  const document = parseXml(body.toString('utf8'));
  const text = (name: string): string | undefined => find(document, name)?.text;
  if (status !== 200) throw new TokenRefused(`STS refused the pre-signed URL: ${text('Code') ?? `HTTP ${status}`}`);
  const result = find(document, 'GetCallerIdentityResult');
  const [arn, account, userId] = ['Arn', 'Account', 'UserId'].map((name) => result && childText(result, name));
  if (!arn || !account || !userId) throw new Error('STS answered GetCallerIdentity without an identity');
  return { arn, account, userId };
}
