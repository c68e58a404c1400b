export interface RequestCount {
  readonly cluster: string;
  /** Null when the request was for no app of the load balancer. */
  readonly app: string | null;
  readonly status: number;
  readonly requests: number;
}

/** How many requests each app of each cluster has answered, by status. */
export class RequestCounts {
  readonly #counts = new Map<string, RequestCount>();

  add(served: Omit<RequestCount, 'requests'>): void {
    const key = JSON.stringify([served.cluster, served.app, served.status]);
    this.#counts.set(key, { ...served, requests: (this.#counts.get(key)?.requests ?? 0) + 1 });
  }

  all(): RequestCount[] {
    return [...this.#counts.values()];
  }
}
