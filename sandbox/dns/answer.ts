import type { Answer, Question } from 'dns-packet';
import type { DnsRecord } from '../contracts.ts';
import { canonicalName } from './names.ts';
import { toAnswers } from './record-data.ts';
import type { Zone, Zones } from './zones.ts';

export interface Reply {
  readonly rcode: 'NOERROR' | 'NXDOMAIN' | 'REFUSED';
  readonly answers: readonly Answer[];
  readonly authorities: readonly Answer[];
}

export interface AnswerContext {
  readonly zones: Zones;
  /** Seconds of TTL to answer for those of a record. */
  readonly ttl: (seconds: number) => number;
  /** From 0 up to, but not including, 1. */
  readonly random: () => number;
}

/** Longest chain of CNAMEs and aliases that is followed; a longer one is a loop. */
const MAX_HOPS = 8;

/** The authoritative answer to one question: REFUSED outside of all zones. */
export function answer(question: Question, context: AnswerContext, hops = MAX_HOPS): Reply {
  const name = canonicalName(question.name);
  const zone = context.zones.of(name);
  if (!zone) return { rcode: 'REFUSED', answers: [], authorities: [] };
  const node = zone.find(name);
  if (!node) return negative('NXDOMAIN', zone, context);
  const record = draw(node.get(question.type) ?? node.get('CNAME') ?? [], context.random);
  const reply = record && fromRecord(record, question, context, hops);
  return reply ?? negative('NOERROR', zone, context);
}

function fromRecord(record: DnsRecord, question: Question, context: AnswerContext, hops: number): Reply | undefined {
  if (record.alias) return fromAlias(record.alias.hostname, question, context, hops);
  const answers = toAnswers(record, question.name, context.ttl);
  const [first] = answers;
  if (!first || first.type !== 'CNAME' || question.type === 'CNAME' || hops === 0) return positive(answers);
  // The target's records are added where we are its authority too; elsewhere the client has to ask further.
  const target = answer({ ...question, name: first.data }, context, hops - 1);
  return target.rcode === 'REFUSED' ? positive(answers) : { ...target, answers: [...answers, ...target.answers] };
}

/** The client never sees an alias: it gets the target's records, with the target's TTL, under the name it asked for. */
function fromAlias(target: string, question: Question, context: AnswerContext, hops: number): Reply | undefined {
  if (hops === 0) return undefined;
  const { answers } = answer({ ...question, name: target }, context, hops - 1);
  const renamed = answers.flatMap((found) => (found.type === question.type ? [{ ...found, name: question.name }] : []));
  return renamed.length > 0 ? positive(renamed) : undefined;
}

const positive = (answers: readonly Answer[]): Reply => ({
  rcode: 'NOERROR',
  answers,
  authorities: [],
});

const negative = (rcode: 'NOERROR' | 'NXDOMAIN', zone: Zone, { ttl }: AnswerContext): Reply => ({
  rcode,
  answers: [],
  authorities: toAnswers(zone.soa, zone.name, ttl),
});

/**
 * One record of a name and type, by Route 53's rule: each with the chance weight / sum of weights, weight 0 never,
 * but all with equal chance when every weight is 0. Health checks and EvaluateTargetHealth are not looked at.
 */
export function draw(records: readonly DnsRecord[], random: () => number): DnsRecord | undefined {
  const total = records.reduce((sum, { weight = 0 }) => sum + weight, 0);
  if (total === 0) return records[Math.floor(random() * records.length)];
  let point = random() * total;
  return records.find(({ weight = 0 }) => (point -= weight) < 0);
}
