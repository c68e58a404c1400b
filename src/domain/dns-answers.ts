/** Which of a name's weighted records Route 53 answers with, given what it thinks of their targets' health. Pure. */

/** `unknown`: it evaluates health, but nobody told us how that is; taken for healthy. */
export type TargetHealth = 'healthy' | 'unhealthy' | 'unknown';

/** One of the weighted records of a name and type. */
export interface AnswerRecord {
  readonly setIdentifier: string;
  /** 0-255. */
  readonly weight: number;
  /** By its targets (alias) or by a health check. A record that does not is healthy for Route 53, whatever happens. */
  readonly evaluatesHealth: boolean;
  readonly health: TargetHealth;
}

export type Receives =
  /** Of the answers, as things are. */
  | { readonly kind: 'share'; readonly percent: number }
  /** Nothing as things are, but it is answered when this happens: no change of ours is needed for it. */
  | { readonly kind: 'possible'; readonly when: string }
  | { readonly kind: 'nothing' };

const isHealthy = ({ evaluatesHealth, health }: AnswerRecord): boolean => !evaluatesHealth || health !== 'unhealthy';

/**
 * What each record gets. Route 53 first considers the healthy ones with a weight; when there are none, the healthy ones
 * without; when nothing is healthy, it takes everything for healthy. Only weights of 0 share alike.
 */
export function whoReceives(records: readonly AnswerRecord[]): ReadonlyMap<string, Receives> {
  const weighted = records.filter(({ weight }) => weight > 0);
  const atZero = records.filter(({ weight }) => weight === 0);
  const considered = [weighted, atZero].map((some) => some.filter(isHealthy));
  const answered = [...considered, weighted, atZero].find((some) => some.length > 0) ?? [];
  const sum = answered.reduce((total, { weight }) => total + weight, 0);
  return new Map(
    records.map((record): [string, Receives] => {
      const percent = sum === 0 ? 100 / answered.length : (record.weight / sum) * 100;
      if (answered.includes(record)) return [record.setIdentifier, { kind: 'share', percent }];
      return [record.setIdentifier, otherwise(record, weighted)];
    }),
  );
}

function otherwise(record: AnswerRecord, weighted: readonly AnswerRecord[]): Receives {
  if (record.weight > 0 || weighted.length === 0) return { kind: 'possible', when: 'its targets are healthy again' };
  // One record that is always healthy keeps all that have no weight out.
  if (!weighted.every(({ evaluatesHealth }) => evaluatesHealth)) return { kind: 'nothing' };
  const those = weighted.map(({ setIdentifier }) => setIdentifier).join(' and ');
  const own = isHealthy(record) ? '' : ', and its own are';
  return { kind: 'possible', when: `no target of ${those} is healthy${own}` };
}

/** When a record that gets nothing would be answered all the same; undefined: never, by itself. */
export function possibleWhen(records: readonly AnswerRecord[], setIdentifier: string): string | undefined {
  const receives = whoReceives(records).get(setIdentifier);
  return receives?.kind === 'possible' ? receives.when : undefined;
}

/** Records of one type as the zone has them: how their targets are, it does not say. */
export const asSeen = (
  records: readonly {
    readonly setIdentifier: string;
    readonly weight: number;
    readonly evaluateTargetHealth: boolean;
  }[],
): AnswerRecord[] =>
  records.map(({ setIdentifier, weight, evaluateTargetHealth }) => ({
    setIdentifier,
    weight,
    evaluatesHealth: evaluateTargetHealth,
    health: 'unknown',
  }));
