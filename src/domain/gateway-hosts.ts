// Which host names a route of the Gateway API answers to: its own, as far as the listeners that it is attached to let it.

export interface Listener {
  readonly name: string;
  readonly port: number;
  /** Absent: all names. */
  readonly hostname?: string | undefined;
}

/** One place that a route is attached to. Absent fields: all listeners. */
export interface ListenerChoice {
  readonly sectionName?: string | undefined;
  readonly port?: number | undefined;
}

/** Names with `*.` in front may be among them. No name at all: whatever is asked for. */
export function hostsOfRoute(
  own: readonly string[],
  listeners: readonly Listener[],
  { sectionName, port }: ListenerChoice,
): string[] {
  const chosen = listeners.filter(
    (one) => (sectionName === undefined || one.name === sectionName) && (port === undefined || one.port === port),
  );
  const hosts = chosen.flatMap(({ hostname }) => {
    if (hostname === undefined || hostname === '') return own;
    return own.length === 0 ? [hostname] : own.flatMap((host) => narrower(host, hostname) ?? []);
  });
  return [...new Set(hosts)];
}

/** The one of two that the other covers; undefined when they have nothing in common. */
function narrower(a: string, b: string): string | undefined {
  if (covers(b, a)) return a;
  return covers(a, b) ? b : undefined;
}

/** Whether a name, which may begin with `*.`, stands for another one. */
export function covers(pattern: string, host: string): boolean {
  return pattern === host || (pattern.startsWith('*.') && host.endsWith(pattern.slice(1)));
}
