import { SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import type { STSClient } from '@aws-sdk/client-sts';
import { iamArn, isRoot } from './arns.ts';
import { AwsError } from './errors.ts';
import type { Answer, Call } from './http.ts';
import type { Credentials, Ministack } from './ministack.ts';
import { isSignedWith, signatureOf } from './sigv4.ts';
import type { Signature } from './sigv4.ts';
import { child, childText, find, parseXml } from './xml.ts';

interface KnownKey {
  readonly credentials: Credentials;
  readonly sts: STSClient;
}

/**
 * Checks callers of the services that we answer ourselves. A signature is made for one service, so ministack cannot
 * check it for us; but we see every key that it hands out, and then ask it whose key that is and what the owner may do.
 */
export class Access {
  readonly #ministack: Ministack;
  readonly #keys = new Map<string, KnownKey>();

  constructor(ministack: Ministack) {
    this.#ministack = ministack;
    this.remember(ministack.rootKey);
  }

  remember(credentials: Credentials): void {
    this.#keys.set(credentials.accessKeyId, { credentials, sts: this.#ministack.stsAs(credentials) });
  }

  /** Takes note of the access key or session that IAM or STS has just handed out. */
  learn(service: string, answer: Answer): void {
    if ((service !== 'iam' && service !== 'sts') || answer.status !== 200) return;
    const text = answer.body.toString('utf8');
    if (!text.includes('<SecretAccessKey>')) return;
    const document = parseXml(text);
    const key = find(document, 'Credentials') ?? find(document, 'AccessKey');
    const accessKeyId = key && childText(key, 'AccessKeyId');
    const secretAccessKey = key && childText(key, 'SecretAccessKey');
    if (!accessKeyId || !secretAccessKey) return;
    const sessionToken = child(key, 'SessionToken')?.text;
    this.remember({ accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) });
  }

  /**
   * The ARN of who signed the call.
   * @throws AwsError 403 when it is not signed, by an unknown or revoked key, or not with the key's secret
   */
  async authenticate(call: Call): Promise<string> {
    const { known, signature } = this.#keyOf(call);
    if (!isSignedWith(call, signature, known.credentials.secretAccessKey)) throw badSignature();
    try {
      const { Arn: arn } = await known.sts.send(new GetCallerIdentityCommand());
      if (arn !== undefined) return arn;
    } catch (error) {
      if (!(error instanceof Error && REVOKED.has(error.name))) throw error;
    }
    throw unknownKey();
  }

  /**
   * Closes what ministack leaves open in calls that it verifies itself: it takes any twelve digits for the key of a
   * root user, and believes root without a look at the signature.
   * @throws AwsError 403
   */
  screen(call: Call): void {
    const { known, signature } = this.#keyOf(call);
    const { accessKeyId, secretAccessKey } = this.#ministack.rootKey;
    if (known.credentials.accessKeyId !== accessKeyId) return;
    if (!isSignedWith(call, signature, secretAccessKey)) throw badSignature();
  }

  /** @throws AwsError 403 unless the caller's policies allow the action (`eks:CreateCluster`) on the resource. */
  async authorize(caller: string, action: string, resource: string): Promise<void> {
    if (isRoot(caller)) return;
    const simulated = await this.#ministack.iam.send(
      new SimulatePrincipalPolicyCommand({
        PolicySourceArn: iamArn(caller),
        ActionNames: [action],
        ResourceArns: [resource],
      }),
    );
    const decision = simulated.EvaluationResults?.[0]?.EvalDecision;
    if (decision === 'allowed') return;
    const why =
      decision === 'explicitDeny'
        ? 'with an explicit deny in an identity-based policy'
        : `because no identity-based policy allows the ${action} action`;
    throw new AwsError(
      403,
      'AccessDeniedException',
      `User: ${caller} is not authorized to perform: ${action} on resource: ${resource} ${why}`,
    );
  }

  #keyOf(call: Call): { known: KnownKey; signature: Signature } {
    const signature = signatureOf(call);
    if (!signature) throw new AwsError(403, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
    const known = this.#keys.get(signature.accessKeyId);
    const token = call.headers['x-amz-security-token'] ?? call.query.get('X-Amz-Security-Token') ?? undefined;
    if (!known || token !== known.credentials.sessionToken) throw unknownKey();
    return { known, signature };
  }
}

const REVOKED = new Set(['InvalidClientTokenId', 'ExpiredToken', 'ExpiredTokenException']);

const badSignature = (): AwsError =>
  new AwsError(
    403,
    'InvalidSignatureException',
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
  );

const unknownKey = (): AwsError =>
  new AwsError(403, 'UnrecognizedClientException', 'The security token included in the request is invalid.');
