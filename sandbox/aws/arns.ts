// The few things that are read off ARNs of principals.

export const isRoot = (arn: string): boolean => /^arn:[^:]+:iam::\d+:root$/.test(arn);

/** The user or role behind a caller, without its path: a session of an assumed role is that role, and names are unique. */
export function iamArn(caller: string): string {
  const session = /^arn:([^:]+):sts::(\d+):assumed-role\/([^/]+)\//.exec(caller);
  if (session) return `arn:${session[1]}:iam::${session[2]}:role/${session[3]}`;
  return caller.replace(/:(user|role)\/.*\//, ':$1/');
}

/** Kind and name of an IAM user or role; undefined for anything else. Paths are no part of the name. */
export function principalOf(arn: string): { kind: 'user' | 'role'; name: string } | undefined {
  const match = /^arn:aws[\w-]*:iam::\d{12}:(user|role)\/(?:.*\/)?([\w+=,.@-]+)$/.exec(arn);
  const [, kind, name] = match ?? [];
  return (kind === 'user' || kind === 'role') && name !== undefined ? { kind, name } : undefined;
}

/** Stands in a Kubernetes username for the name of the role's session. */
const SESSION_NAME = '{{SessionName}}';

/** What EKS calls a principal inside a cluster when it is not told otherwise. */
export const defaultUsername = (principalArn: string): string =>
  principalArn
    .replace(/^arn:([^:]+):iam::(\d+):role\/(?:.*\/)?/, 'arn:$1:sts::$2:assumed-role/')
    .concat(principalOf(principalArn)?.kind === 'role' ? `/${SESSION_NAME}` : '');

export const usernameOf = (template: string, caller: string): string =>
  template.replaceAll(SESSION_NAME, caller.slice(caller.lastIndexOf('/') + 1));
