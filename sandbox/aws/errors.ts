import { randomUUID } from 'node:crypto';
import type { Answer, Call } from './http.ts';
import { escapeXml } from './xml.ts';

/** A refusal, under its name in the JSON services; the XML ones have other names for some. */
export class AwsError extends Error {
  readonly status: number;
  readonly code: string;
  /** Further members of the error, such as `clusterName`. */
  readonly detail: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, detail: Record<string, string> = {}) {
    super(message);
    this.name = 'AwsError';
    this.status = status;
    this.code = code;
    this.detail = detail;
  }
}

const XML_CODES: Readonly<Record<string, string>> = {
  AccessDeniedException: 'AccessDenied',
  ExpiredTokenException: 'ExpiredToken',
  InvalidSignatureException: 'SignatureDoesNotMatch',
  MissingAuthenticationTokenException: 'MissingAuthenticationToken',
  ServerException: 'InternalFailure',
  ThrottlingException: 'Throttling',
  UnrecognizedClientException: 'InvalidClientTokenId',
};

/** The error as the SDK of that service expects it on the wire. */
export function errorAnswer(service: string, call: Call, error: AwsError): Answer {
  if (service === 'eks') return restJson(error);
  if (call.headers['x-amz-target'] !== undefined) return targetedJson(error);
  const requestId = randomUUID();
  const code = XML_CODES[error.code] ?? error.code;
  const inner = `<Code>${code}</Code><Message>${escapeXml(error.message)}</Message>`;
  if (service === 'ec2') {
    return xml(
      error,
      `<Response><Errors><Error>${inner}</Error></Errors><RequestID>${requestId}</RequestID></Response>`,
    );
  }
  const type = error.status < 500 ? 'Sender' : 'Receiver';
  const namespace = service === 'route53' ? ' xmlns="https://route53.amazonaws.com/doc/2013-04-01/"' : '';
  return xml(
    error,
    `<ErrorResponse${namespace}><Error><Type>${type}</Type>${inner}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
  );
}

/** The AWS error code of an answer; undefined when it went well. */
export function errorCodeOf({ status, headers, body }: Answer): string | undefined {
  if (status < 400) return undefined;
  const header = headers['x-amzn-errortype'];
  if (typeof header === 'string') return header.split(':')[0];
  const text = body.toString('utf8');
  const found = /<Code>([^<]+)<\/Code>/.exec(text) ?? /"__type"\s*:\s*"(?:[^"#]*#)?([^"]+)"/.exec(text);
  return found?.[1] ?? `HTTP ${status}`;
}

function restJson({ status, code, message, detail }: AwsError): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': code, 'x-amzn-requestid': randomUUID() },
    body: Buffer.from(JSON.stringify({ message, ...detail })),
  };
}

function targetedJson({ status, code, message }: AwsError): Answer {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() },
    body: Buffer.from(JSON.stringify({ __type: code, message })),
  };
}

function xml({ status }: AwsError, body: string): Answer {
  return { status, headers: { 'content-type': 'text/xml' }, body: Buffer.from(`<?xml version="1.0"?>\n${body}`) };
}
