// How the load balancers are that names lead to. For people to see: what cannot be read is told, and fails nothing.
import type { Dependencies } from '../src/adapters/index.ts';
import type { TargetsSeen } from '../src/domain/dns-targets.ts';
import type { NamesSeen } from '../src/domain/names-seen.ts';
import { isAddress } from '../src/domain/record-owner.ts';
import { plainName } from '../src/domain/traffic.ts';
import { seen } from './found.ts';
import { together } from './together.ts';

/** Each costs three small requests to ELBv2, which has one limit for the whole account. */
const LOOKED_AT_ONCE = 10;
/** Whoever asks waits a minute for all there is to see. */
const LOOK_FOR_SECONDS = 20;

/** Each load balancer once, however many names share it: Route 53 evaluates all of its target groups. */
export async function lookAtTargets(
  { aws, clock }: Pick<Dependencies, 'aws' | 'clock'>,
  region: string,
  { names }: Pick<NamesSeen, 'names'>,
): Promise<TargetsSeen> {
  const { elb } = aws(region);
  const untilMs = clock.now() + LOOK_FOR_SECONDS * 1000;
  const aliases = names.flatMap(({ host, records }) =>
    records.flatMap(({ name, type, alias }) =>
      alias && isAddress(type) && name === host.toLowerCase() ? [plainName(alias.hostname)] : [],
    ),
  );
  const looked = await together([...new Set(aliases)], LOOKED_AT_ONCE, async (hostname) => {
    if (clock.now() >= untilMs)
      return [hostname, { unknown: `not looked at within ${LOOK_FOR_SECONDS} s: ask for one host alone` }] as const;
    return [hostname, await seen(1, () => elb.targetsBehind(hostname, null))] as const;
  });
  return Object.fromEntries(looked);
}
