import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { redact } from './redact.ts';

interface Rule {
  readonly retry: boolean;
  /** Waiting that belongs to normal work: no warning in the log, no alarm. */
  readonly expected?: boolean;
  /** What the reader can do, where the failure itself does not say it better. */
  readonly hint?: string;
  /** The page of docs/runbooks for whoever the hold waits for. Failures that are retried need none. */
  readonly runbook?: string;
}

/** The closed list of what activities throw. Whether a failure is retried is decided here and nowhere else. */
export const FAILURES = {
  'input.invalid': { retry: false, runbook: 'input-invalid' },
  'cloud.denied': {
    retry: false,
    hint: "give the worker's IAM principal the permission that the message names, then resume",
    runbook: 'cloud-denied',
  },
  'cloud.quota': { retry: false, hint: 'raise the quota that the message names, then resume', runbook: 'cloud-quota' },
  'cloud.refused': { retry: false, hint: 'correct what the message names, then resume', runbook: 'cloud-refused' },
  'cloud.throttled': { retry: true, expected: true },
  'cloud.unavailable': { retry: true },
  /** Another change of the same thing is under way. */
  'cloud.busy': { retry: true, expected: true },
  /** What was made in IAM is not known everywhere yet. */
  'cloud.propagating': { retry: true, expected: true },
  'eks.name-taken': { retry: false, runbook: 'name-taken' },
  'eks.create-failed': { retry: false, runbook: 'eks-create-failed' },
  'eks.update-failed': { retry: false, runbook: 'eks-update-failed' },
  'eks.delete-failed': { retry: false, runbook: 'eks-delete-failed' },
  'iam.provider-taken': { retry: false, runbook: 'name-taken' },
  'k8s.unreachable': { retry: true },
  /** Access entries take a while to hold, so this is retried like an outage. */
  'k8s.denied': { retry: true },
  'k8s.conflict': { retry: true, expected: true },
  'k8s.refused': { retry: false, runbook: 'k8s-refused' },
  'argo.sync-failed': { retry: false, runbook: 'argo-sync-failed' },
  'dns.batch-refused': { retry: false, runbook: 'dns-refused' },
  'dns.no-answer': { retry: true },
  'dns.not-followed': { retry: false, runbook: 'dns-not-followed' },
  'wait.deadline': { retry: false, runbook: 'wait-deadline' },
  /** None of the above, so most likely a fault of ours. */
  unexpected: { retry: true, runbook: 'unexpected' },
} as const satisfies Record<string, Rule>;

export type FailureType = keyof typeof FAILURES;

export interface FailureExtra {
  readonly cause?: Error;
  /** What the reader can do. */
  readonly hint?: string;
  readonly retryAfterSeconds?: number;
  /** Ends a failure that is retried otherwise. */
  readonly final?: boolean;
}

/** The only way in which an activity fails. Message and cause are freed of secrets. */
export function fail(type: FailureType, message: string, extra: FailureExtra = {}): ApplicationFailure {
  const rule: Rule = FAILURES[type];
  return ApplicationFailure.create({
    type,
    message: redact(message),
    nonRetryable: !rule.retry || extra.final === true,
    details: [{ hint: extra.hint ?? rule.hint ?? null, runbook: rule.runbook ?? null }],
    ...(rule.expected ? { category: ApplicationFailureCategory.BENIGN } : {}),
    ...(extra.cause ? { cause: withoutSecrets(extra.cause) } : {}),
    ...(extra.retryAfterSeconds === undefined ? {} : { nextRetryDelay: Math.round(extra.retryAfterSeconds * 1000) }),
  });
}

/** Only name, message and stack: SDK errors carry requests and answers. */
function withoutSecrets(cause: Error): Error {
  const plain = new Error(redact(cause.message));
  plain.name = cause.name;
  if (cause.stack !== undefined) plain.stack = redact(cause.stack);
  return plain;
}
