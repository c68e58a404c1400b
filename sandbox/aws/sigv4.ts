import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Call } from './http.ts';

/** Who signed a request, when, and for what (AWS Signature Version 4). */
export interface Signature {
  readonly accessKeyId: string;
  /** `YYYYMMDD` */
  readonly day: string;
  readonly region: string;
  /** Signing name, such as `eks`. */
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const ALLOWED_SKEW_MS = 5 * 60_000;

/** The signature of a request, from its header or its query; undefined when it carries none that can be read. */
export function signatureOf({ headers, query }: Pick<Call, 'headers' | 'query'>): Signature | undefined {
  const header = headers.authorization;
  if (header === undefined) {
    return signature(query.get('X-Amz-Credential'), query.get('X-Amz-SignedHeaders'), query.get('X-Amz-Signature'));
  }
  if (!header.startsWith(`${ALGORITHM} `)) return undefined;
  const field = (name: string): string | undefined => new RegExp(`${name}=([^,\\s]+)`).exec(header)?.[1];
  return signature(field('Credential'), field('SignedHeaders'), field('Signature'));
}

function signature(credential?: string | null, signed?: string | null, value?: string | null): Signature | undefined {
  const [accessKeyId, day, region, service, end] = credential?.split('/') ?? [];
  if (!accessKeyId || !day || !region || !service || end !== 'aws4_request') return undefined;
  return { accessKeyId, day, region, service, signedHeaders: signed?.split(';') ?? [], signature: value ?? '' };
}

/** Whether a request signed in its header was signed with this secret, for this very content, and just now. */
export function isSignedWith(call: Call, given: Signature, secretAccessKey: string): boolean {
  const date = call.headers['x-amz-date'];
  if (typeof date !== 'string' || !date.startsWith(given.day) || !isNow(date)) return false;
  if (!['host', 'x-amz-date'].every((name) => given.signedHeaders.includes(name))) return false;
  const scope = `${given.day}/${given.region}/${given.service}/aws4_request`;
  const toSign = [ALGORITHM, date, scope, sha256(canonicalRequest(call, given.signedHeaders))].join('\n');
  const key = [given.day, given.region, given.service, 'aws4_request'].reduce<string | Buffer>(
    hmac,
    `AWS4${secretAccessKey}`,
  );
  const expected = Buffer.from(hmac(key, toSign).toString('hex'));
  const found = Buffer.from(given.signature);
  return expected.length === found.length && timingSafeEqual(expected, found);
}

function canonicalRequest(call: Call, signedHeaders: readonly string[]): string {
  const path = call.path.split('/').map(encode).join('/');
  const query = [...call.query].map(([name, value]) => `${encode(name)}=${encode(value)}`).toSorted(byBytes);
  const headers = signedHeaders.map((name) => `${name}:${headerText(call, name)}\n`);
  return [call.method, path, query.join('&'), headers.join(''), signedHeaders.join(';'), sha256(call.body)].join('\n');
}

function headerText(call: Call, name: string): string {
  const value = call.headers[name];
  return (Array.isArray(value) ? value.join(',') : (value ?? '')).trim().replaceAll(/\s+/g, ' ');
}

function isNow(amzDate: string): boolean {
  const iso = amzDate.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  return Math.abs(Date.now() - Date.parse(iso)) <= ALLOWED_SKEW_MS;
}

const byBytes = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();
