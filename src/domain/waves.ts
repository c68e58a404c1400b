/** What the product reads of an Argo CD Application. */
export interface ArgoApplication {
  readonly name: string;
  /** Value of the label `eksodus.dev/app`: the same in every cluster. */
  readonly app: string;
  readonly needs: readonly string[];
  readonly sync: string;
  readonly health: string;
  readonly revision: string | null;
}

export class WaveError extends Error {
  override readonly name = 'WaveError';
}

/**
 * Orders applications so that each comes after all it needs: waves of names that may go at the same time.
 * Applications of the same name go together, after all that any of them needs.
 * Throws WaveError, naming the applications, when one needs what is not there or they need each other in a circle.
 */
export function planWaves(applications: readonly Pick<ArgoApplication, 'app' | 'needs'>[]): string[][] {
  const names = new Set(applications.map(({ app }) => app));
  const unknown = applications.flatMap(({ app, needs }) =>
    needs.filter((need) => !names.has(need)).map((need) => `${app} needs ${need}`),
  );
  if (unknown.length > 0) throw new WaveError(`not among the applications: ${unknown.join(', ')}`);
  const waves: string[][] = [];
  const done = new Set<string>();
  while (done.size < names.size) {
    const left = [...names].filter((name) => !done.has(name));
    const ready = left.filter((name) =>
      applications.every(({ app, needs }) => app !== name || needs.every((need) => done.has(need))),
    );
    if (ready.length === 0) throw new WaveError(`need each other in a circle: ${left.join(', ')}`);
    waves.push(ready.toSorted((a, b) => a.localeCompare(b)));
    for (const name of ready) done.add(name);
  }
  return waves;
}
