// A throw-away TLS identity for a server on 127.0.0.1: Node makes keys but no certificates, and a stored key expires.
import { generateKeyPairSync, sign } from 'node:crypto';

export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
  /** Base64 of the PEM, as EKS names a certificate authority. */
  readonly caData: string;
}

const SEQUENCE = 0x30;
const SET = 0x31;
const ECDSA_WITH_SHA256 = '06082a8648ce3d040302';
const COMMON_NAME = '0603550403';
const SUBJECT_ALT_NAME = '0603551d11';
/** `[7] 127.0.0.1` */
const LOOPBACK = '87047f000001';

export function tlsIdentity(): TlsIdentity {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(SEQUENCE, hex(ECDSA_WITH_SHA256));
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, hex(COMMON_NAME), der(0x0c, Buffer.from('test')))));
  const validity = der(SEQUENCE, time('20200101000000Z'), time('21200101000000Z'));
  const names = der(SEQUENCE, hex(SUBJECT_ALT_NAME), der(0x04, der(SEQUENCE, hex(LOOPBACK))));
  const body = der(
    SEQUENCE,
    der(0xa0, hex('020102')),
    hex('020101'),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(SEQUENCE, names)),
  );
  const signature = der(0x03, Buffer.of(0), sign('sha256', body, privateKey));
  const base64 = der(SEQUENCE, body, algorithm, signature).toString('base64');
  const cert = `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
  return {
    cert,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    caData: Buffer.from(cert).toString('base64'),
  };
}

const hex = (digits: string): Buffer => Buffer.from(digits, 'hex');
const time = (generalized: string): Buffer => der(0x18, Buffer.from(generalized));

/** One value of ASN.1's distinguished encoding. */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? Buffer.of(length) : Buffer.of(0x82, length >> 8, length & 0xff);
  return Buffer.concat([Buffer.of(tag), size, content]);
}
