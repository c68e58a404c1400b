// What the world is told: questions straight to the name servers of a zone, past every cache.
import type { Dependencies } from '../src/adapters/index.ts';
import type { DnsAnswer } from '../src/adapters/resolver.ts';
import { asSeen, possibleWhen } from '../src/domain/dns-answers.ts';
import { nameIn, type HostedZone } from '../src/domain/environment.ts';
import type { Evidence } from '../src/domain/status.ts';
import { fail } from './failures.ts';
import type { DnsActivities } from './ports.ts';
import { observedOf } from './zone-records.ts';

/** If the name were still answered at the smallest weight, one percent, a third of such rounds would show it. */
const IDLE_QUERIES = 40;

/** AWS's own, for every alias of a load balancer. */
const LOAD_BALANCER_TTL_SECONDS = 60;

type AnswerWork = Pick<DnsActivities, 'readTtl' | 'proveIdle'>;

export function createAnswerWork({ route53, resolver, clock }: Dependencies): AnswerWork {
  return {
    async readTtl({ zone, host }) {
      const servers = await nameServersOf({ route53, resolver }, zone);
      const answers = await Promise.all(servers.map((server) => resolver.resolve(host, [server])));
      const ttls = answers.flat().map(({ ttlSeconds }) => ttlSeconds);
      // The resolver of a VPC is a cache: it answers with what is left of the TTL.
      const least = zone.private ? LOAD_BALANCER_TTL_SECONDS : 0;
      if (ttls.length > 0) return { ttlSeconds: Math.max(least, ...ttls) };
      throw fail(
        'dns.no-answer',
        `the name servers of ${zone.name} (${servers.join(', ')}) have no address for ${host}`,
      );
    },

    async proveIdle({ zone, host, setIdentifier, target, resolvers }) {
      const evidence = (passed: boolean, observed: string): Evidence => ({
        check: 'no traffic',
        subject: `${nameIn(zone, host)} to ${setIdentifier}`,
        passed,
        observed,
        expected: `weight 0 or no record, and no answer of ${IDLE_QUERIES} with an address of ${target.hostname}`,
        at: new Date(clock.now()).toISOString(),
      });
      const records = observedOf(await route53.recordsOf(zone, host));
      const falls = possibleWhen(asSeen(records.filter(({ type }) => type === 'A')), setIdentifier);
      const possibly = falls === undefined ? '' : `; Route 53 would answer with it when ${falls}`;
      const weights = records.filter((record) => record.setIdentifier === setIdentifier).map(({ weight }) => weight);
      const weight = Math.max(0, ...weights);
      if (weight > 0) return evidence(false, `weight ${weight}`);

      const own = new Set((await resolver.resolve(target.hostname, resolvers)).map(({ address }) => address));
      if (own.size === 0) return evidence(false, `weight 0, but the address of ${target.hostname} is not known`);
      const hits = (await askOften(zone, host)).filter((answers) => answers.some(({ address }) => own.has(address)));
      return evidence(
        hits.length === 0,
        `weight 0, ${hits.length} of ${IDLE_QUERIES} answers with such an address${possibly}`,
      );
    },
  };

  async function askOften(zone: HostedZone, host: string): Promise<(readonly DnsAnswer[])[]> {
    const servers = await nameServersOf({ route53, resolver }, zone);
    const answers: (readonly DnsAnswer[])[] = [];
    for (let query = 0; query < IDLE_QUERIES; query += 1) {
      answers.push(await resolver.resolve(host, servers.slice(query % servers.length).slice(0, 1)));
    }
    return answers;
  }
}

/** Their addresses: the ones that the environment names, or Route 53's own for the zone. */
export async function nameServersOf(
  { route53, resolver }: Pick<Dependencies, 'route53' | 'resolver'>,
  zone: HostedZone,
): Promise<readonly string[]> {
  if (zone.nameServers && zone.nameServers.length > 0) return zone.nameServers;
  const { nameServers } = await route53.zone(zone);
  const answers = await Promise.all(nameServers.map((name) => resolver.resolve(name, null)));
  const addresses = answers.flat().map(({ address }) => address);
  if (addresses.length > 0) return addresses;
  throw fail('input.invalid', `zone ${zone.name} has no name servers that we could find`, {
    hint: 'name them in the environment file: zones[].nameServers',
  });
}
