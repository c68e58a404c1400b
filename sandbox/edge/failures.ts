/** What an app of a cluster answers instead of what it has, its pods being Ready all the same. */
export interface Failure {
  readonly status: number;
  /** Of how many of a hundred requests; all of them where this is left out. */
  readonly percent?: number;
  /** A path that is served well all the same, as a health check's often is. */
  readonly except?: string;
  /** A path that alone is served badly. */
  readonly only?: string;
}

/** By cluster and app. */
export class Failures {
  readonly #all = new Map<string, Failure & { due: number }>();

  /** Undefined ends it. */
  set(cluster: string, app: string, failure: Failure | undefined): void {
    if (failure) this.#all.set(`${cluster}/${app}`, { ...failure, due: 0 });
    else this.#all.delete(`${cluster}/${app}`);
  }

  /** What a health check is told that comes again and again; undefined: it is served well, most of the times. */
  ofHealthCheck(cluster: string, app: string, path: string): number | undefined {
    const failure = this.#all.get(`${cluster}/${app}`);
    return failure && isMet(failure, path) && (failure.percent ?? 100) >= 100 ? failure.status : undefined;
  }

  /** The status of one more request; undefined: it is served. The share is spread evenly, not drawn by lot. */
  next(cluster: string, app: string | null, path: string): number | undefined {
    const failure = this.#all.get(`${cluster}/${app}`);
    if (!failure || !isMet(failure, path)) return undefined;
    failure.due += failure.percent ?? 100;
    if (failure.due < 100) return undefined;
    failure.due -= 100;
    return failure.status;
  }
}

const isMet = ({ except, only }: Failure, path: string): boolean =>
  path !== except && (only === undefined || path === only);
