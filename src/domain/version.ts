/** Kubernetes minor versions as EKS names them: "1.36". */
export interface Version {
  readonly major: number;
  readonly minor: number;
}

/** Undefined when the text is not a minor version. */
export function parseVersion(text: string): Version | undefined {
  const match = /^(\d+)\.(\d+)$/.exec(text);
  return match ? { major: Number(match[1]), minor: Number(match[2]) } : undefined;
}

/** Negative when `a` is older. */
export function compareVersions(a: Version, b: Version): number {
  return a.major - b.major || a.minor - b.minor;
}
