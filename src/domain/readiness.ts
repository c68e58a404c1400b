// Whether a colour can serve an app. One place for each rule; asked before every step forward, and of blue before going back.
import { judgeApplication } from './readiness-application.ts';
import type { ReadinessFacts } from './readiness-facts.ts';
import { NAMES_SHOWN, type Found, type Question } from './readiness-found.ts';
import { judgeLoadBalancer } from './readiness-targets.ts';
import { judgeWorkloads } from './readiness-workloads.ts';
import type { Evidence } from './status.ts';

/** What keeps a colour from serving, or from being known to serve. */
export interface Reason {
  readonly kind: 'no' | 'unknown';
  readonly evidence: Evidence;
  readonly todo: string;
  /** It may pass by itself within minutes. */
  readonly passes: boolean;
  /** Who is sent there now is not served: reason enough to stop even a way back. */
  readonly unserved: boolean;
}

export type Readiness =
  | { readonly verdict: 'can'; readonly evidence: readonly Evidence[] }
  | { readonly verdict: 'cannot' | 'cannot-know'; readonly reasons: readonly Reason[] };

export function judgeReadiness(question: Question): Readiness {
  const { facts } = question;
  const found = [
    ...ofSeen(facts.application, 'Argo CD', facts, (seen) => judgeApplication(seen, question)),
    ...(facts.loadBalancer ? ofSeen(facts.loadBalancer, 'load balancer', facts, judgeLoadBalancer) : []),
    ...ofSeen(facts.workloads, 'workloads', facts, (seen) => judgeWorkloads(seen, question)),
  ];
  const evidenceOf = ({ check, subject, observed, expected, wrong }: Checked): Evidence => ({
    check,
    subject,
    passed: wrong === undefined,
    observed,
    expected,
    at: facts.at,
  });
  const reasons = found.flatMap((one): Reason[] => {
    const { wrong, todo = 'look at it, then retry', passes = false, unserved = false } = one;
    return wrong ? [{ kind: wrong, evidence: evidenceOf(one), todo, passes, unserved }] : [];
  });
  if (reasons.length === 0) return { verdict: 'can', evidence: found.map(evidenceOf) };
  return { verdict: reasons.some(({ kind }) => kind === 'no') ? 'cannot' : 'cannot-know', reasons };
}

type Checked = Found & { readonly check: string };

const checked = (check: string, found: Found): Checked => ({ check, ...found });

function ofSeen<T>(
  part: { readonly seen: T } | { readonly unknown: string },
  check: string,
  { cluster }: ReadinessFacts,
  judge: (seen: T) => Found[],
): Checked[] {
  const found: Found[] =
    'seen' in part
      ? judge(part.seen)
      : [
          {
            subject: cluster,
            observed: part.unknown,
            expected: 'an answer',
            wrong: 'unknown',
            todo: 'mend what the message names',
            passes: true,
          },
        ];
  return found.map((one) => checked(check, one));
}

/** `Argo CD of web-green: OutOfSync Healthy, expected Synced Healthy; …`, what nobody waits out first. */
export function describeReasons(reasons: readonly Reason[]): string {
  const texts = reasons
    .toSorted((a, b) => Number(a.passes) - Number(b.passes))
    .map(
      ({ evidence: { check, subject, observed, expected } }) =>
        `${check} of ${subject}: ${observed}, expected ${expected}`,
    );
  const more = texts.length - NAMES_SHOWN;
  return texts.slice(0, NAMES_SHOWN).join('; ') + (more > 0 ? `; and ${more} more` : '');
}
