// Of an upgrade that succeeded: every client has left blue, each kind at its own time.
import type { DnsHabit } from '../contracts.ts';
import { secondsOnBlueAfter, type Departure } from '../traffic/departures.ts';
import type { Expected } from './expected.ts';
import type { RehearsalReport } from './report.ts';
import { unless } from './unless.ts';

const WHO: Readonly<Record<DnsHabit, string>> = {
  'honours-ttl': 'clients that honour the TTL',
  'caches-for-ever': 'clients that cache for ever',
};

export function judgeDepartures(report: RehearsalReport, { apps }: Expected): string[] {
  const { departures } = report.traffic;
  const find = (app: string, habit: DnsHabit): Departure | undefined =>
    departures.find((one) => one.app === app && one.habit === habit);
  return apps.flatMap(({ app }) => [
    ...judgeApproval(report, app),
    ...judge(app, 'honours-ttl', find(app, 'honours-ttl')),
    ...judge(app, 'caches-for-ever', find(app, 'caches-for-ever')),
  ]);
}

/** Who lets blue go must have been told of those who still ask it. */
function judgeApproval({ approvals, clusters: { blue } }: RehearsalReport, app: string): string[] {
  const told = approvals.filter(({ point }) => point === 'decommission').map(({ because }) => because);
  const wanted = new RegExp(`${blue.name} still answers requests: .*\\d of ${app} in `);
  return unless(
    told.some((because) => wanted.test(because)),
    `${app}: who approved decommission was not told that ${blue.name} still answers it: ${told.join('; ') || 'nobody was asked'}`,
  );
}

function judge(app: string, habit: DnsHabit, departure: Departure | undefined): string[] {
  if (!departure) return [`${app}: no request of ${WHO[habit]}`];
  const seconds = secondsOnBlueAfter('settledAt', departure);
  if (seconds === null) return [`${app}: nobody saw when ${WHO[habit]} left blue, or when its last step settled`];
  if (habit === 'honours-ttl')
    return unless(
      seconds <= 0,
      `${app}: ${WHO[habit]} were on blue until ${seconds} s after its last step had settled`,
    );
  const { lastOnBlueAt, lastOnGreenAt } = departure;
  return [
    ...unless(seconds > 0, `${app}: ${WHO[habit]} left blue before its last step had settled: they kept no address`),
    ...unless((lastOnGreenAt ?? '') > (lastOnBlueAt ?? ''), `${app}: ${WHO[habit]} never came to green`),
  ];
}
