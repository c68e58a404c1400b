const LONGEST = 2_000;
const MASK = '***';

/** What must never reach a log, a history or a person: credentials in any of the forms in which errors quote them. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/k8s-aws-v1\.[\w-]+/g, `k8s-aws-v1.${MASK}`],
  [/\bBearer\s+[\w.~+/=-]+/gi, `Bearer ${MASK}`],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, MASK],
  [/\b(X-Amz-(?:Signature|Credential|Security-Token))(=|%3D)[^&\s"']+/gi, `$1$2${MASK}`],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{12,}/g, MASK],
  [
    /\b(secretAccessKey|aws_secret_access_key|sessionToken|aws_session_token|bearerToken|password)(["']?\s*[:=]\s*["']?)[^\s"',}&]+/gi,
    `$1$2${MASK}`,
  ],
];

/** The text without secrets, and short enough to be read. */
export function redact(text: string): string {
  const clean = SECRETS.reduce((so, [pattern, mask]) => so.replaceAll(pattern, mask), text);
  return clean.length > LONGEST ? `${clean.slice(0, LONGEST)}…` : clean;
}
