// What the SDKs throw, in the words of the failure table. Errors are known by their names, as they are on the wire.
import { activityInfo, ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import type { KubeError } from '../src/adapters/kube-error.ts';
import { fail, type FailureExtra, type FailureType } from './failures.ts';

/** A fault of ours does not heal: it is tried so often, then a person looks. */
const UNEXPECTED_ATTEMPTS = 5;
const LONGEST_PAUSE_SECONDS = 10;

/** Names by which AWS services call the same thing, so a service must not be asked for its own class. */
const AWS_NAMES: readonly (readonly [RegExp, FailureType])[] = [
  [
    /^(Throttling|ThrottlingException|ThrottledException|TooManyRequests\w*|RequestLimitExceeded|PriorRequestNotComplete|SlowDown)$/,
    'cloud.throttled',
  ],
  [/^(ExpiredToken|ExpiredTokenException|RequestExpired|RequestTimeTooSkewed)$/, 'cloud.unavailable'],
  [
    /^(AccessDenied\w*|Unauthorized\w*|UnrecognizedClientException|InvalidClientTokenId|AuthFailure|SignatureDoesNotMatch|InvalidSignatureException|MissingAuthenticationToken\w*|CredentialsProviderError)$/,
    'cloud.denied',
  ],
  [/^(ResourceLimitExceededException|LimitExceeded\w*|LimitsExceeded|ServiceQuotaExceededException)$/, 'cloud.quota'],
  [/^ResourcePropagationDelayException$/, 'cloud.propagating'],
  [/^(ResourceInUseException|ConcurrentModification\w*|DeleteConflict\w*)$/, 'cloud.busy'],
  [
    /^(ServerException|ServiceUnavailable\w*|Internal(Failure|Error|ServerError|ServiceError)\w*|ServiceFailure\w*|RequestTimeout\w*|TimeoutError)$/,
    'cloud.unavailable',
  ],
];

/** EKS checks roles before IAM has spread them, and then calls the parameter invalid. */
const IAM_SPREADING =
  /role.* does not exist|Error in role params|Role could not be assumed because the trusted entity is not correct|The provided role doesn't have the Amazon EKS Managed Policies|IAM role's policy must include/;
const IN_PROGRESS = /in progress|currently (being )?(updat|creat|delet)/i;
const NETWORK_CODES =
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENOTFOUND|ERR_TLS\w*|CERT_\w+|UND_ERR\w*)$/;

/** Whatever was thrown becomes what Temporal understands: an ApplicationFailure of the table, or a cancellation. */
export function asFailure(error: unknown): ApplicationFailure | CancelledFailure {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (Context.current().cancellationSignal.aborted) return new CancelledFailure('cancelled');
  if (!(error instanceof Error)) return fail('unexpected', String(error));
  if (isKubeError(error)) return kubeFailure(error);
  const type = typeOf(error);
  if (type === 'unexpected') {
    const final = activityInfo().attempt >= UNEXPECTED_ATTEMPTS;
    return fail(type, textOf(error), { cause: error, final });
  }
  if (type === 'cloud.throttled') return fail(type, textOf(error), { retryAfterSeconds: pauseSeconds() });
  return fail(type, textOf(error), { ...zonesHint(error), ...(type === 'cloud.denied' ? roleHint(error) : {}) });
}

/** Growing, and never the same for two that were refused together. */
function pauseSeconds(): number {
  const longest = Math.min(activityInfo().attempt, LONGEST_PAUSE_SECONDS);
  return (longest * (1 + Math.random())) / 2;
}

function typeOf(error: Error): FailureType {
  const named = AWS_NAMES.find(([pattern]) => pattern.test(error.name));
  if (named) return named[1];
  if (isDnsError(error)) return 'dns.no-answer';
  if (NETWORK_CODES.test(codeOf(error) ?? '')) return 'cloud.unavailable';
  // A proxy or a load balancer in between answered with a page of HTML.
  if (error instanceof SyntaxError && '$response' in error) return 'cloud.unavailable';
  const status = httpStatusOf(error);
  if (status === undefined) return 'unexpected';
  if (status >= 500) return 'cloud.unavailable';
  if (status === 429) return 'cloud.throttled';
  if (/^Invalid(Parameter|ParameterException)$/.test(error.name) && IAM_SPREADING.test(error.message)) {
    return 'cloud.propagating';
  }
  if (IN_PROGRESS.test(error.message)) return 'cloud.busy';
  return status === 401 || status === 403 ? 'cloud.denied' : 'cloud.refused';
}

function kubeFailure({ cluster, status, message }: KubeError): ApplicationFailure {
  const what = `API server of ${cluster}`;
  if (status === null) return fail('k8s.unreachable', `${what}: ${message}`);
  const text = `${what} answered ${status}: ${message}`;
  if (status === 401 || status === 403) {
    return fail('k8s.denied', text, { hint: `give the worker's IAM principal an access entry in ${cluster}` });
  }
  if (status === 409) return fail('k8s.conflict', text);
  if (status >= 500 || status === 429 || status === 408) return fail('k8s.unreachable', text);
  return fail('k8s.refused', text);
}

/** `EKS CreateCluster: AccessDeniedException: …`: the adapters' clients note in their errors what was asked. */
const textOf = (error: Error): string => {
  const asked = 'asked' in error && typeof error.asked === 'string' ? `${error.asked}: ` : '';
  return `${asked}${error.name}: ${error.message}`;
};

/** A hosted zone may be reached by a role of another account: what is missing is then that role's. */
function roleHint(error: Error): FailureExtra {
  if (!('role' in error) || typeof error.role !== 'string') return {};
  return {
    hint: `the zone is reached by ${error.role}: give it the permission that the message names, and let the worker's IAM principal assume it, then resume`,
  };
}

/** EKS cannot run a control plane in every availability zone, and says in which it can. */
function zonesHint(error: Error): FailureExtra {
  const zones = 'validZones' in error && Array.isArray(error.validZones) ? error.validZones : [];
  return zones.length > 0 ? { hint: `use subnets in ${zones.join(', ')}` } : {};
}

function isKubeError(error: Error): error is KubeError {
  return error.name === 'KubeError';
}

const isDnsError = (error: Error): boolean =>
  'syscall' in error && typeof error.syscall === 'string' && error.syscall.startsWith('query');

function codeOf(error: Error): string | undefined {
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause instanceof Error ? codeOf(error.cause) : undefined;
}

function httpStatusOf(error: Error): number | undefined {
  if (!('$metadata' in error)) return undefined;
  const { $metadata } = error;
  const hasStatus = typeof $metadata === 'object' && $metadata !== null && 'httpStatusCode' in $metadata;
  return hasStatus && typeof $metadata.httpStatusCode === 'number' ? $metadata.httpStatusCode : undefined;
}
