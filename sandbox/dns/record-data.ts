import { isIPv4, isIPv6 } from 'node:net';
import type { Answer, SoaData } from 'dns-packet';
import type { DnsRecord } from '../contracts.ts';
import { canonicalName, unescapeOctal } from './names.ts';

/**
 * A record's values as DNS answers under a name. `ttl` gives the seconds to answer for those of the record.
 * Types other than A, AAAA, CNAME, NS, SOA and TXT are not served: the sandbox has none.
 * Throws TypeError when the value of an A or AAAA record is no address.
 */
export function toAnswers(record: DnsRecord, name: string, ttl: (seconds: number) => number): Answer[] {
  const common = { name, class: 'IN', ttl: ttl(record.ttl ?? 0) } as const;
  return record.values.flatMap((value): Answer[] => {
    switch (record.type) {
      case 'A':
      case 'AAAA':
        if (!(record.type === 'A' ? isIPv4(value) : isIPv6(value)))
          throw new TypeError(`${record.type} record ${record.name} has the value "${value}"; expected an address`);
        return [{ ...common, type: record.type, data: value }];
      case 'CNAME':
      case 'NS':
        return [{ ...common, type: record.type, data: canonicalName(value) }];
      case 'SOA':
        return [{ ...common, type: 'SOA', data: soaData(value, ttl) }];
      case 'TXT':
        return [{ ...common, type: 'TXT', data: txtStrings(value) }];
      default:
        return [];
    }
  });
}

/** `minimum` says how long a negative answer may be kept (RFC 2308), so it is scaled like every TTL. */
function soaData(value: string, ttl: (seconds: number) => number): SoaData {
  const [mname = '', rname = '', serial, refresh, retry, expire, minimum] = value.split(/\s+/);
  return {
    mname: canonicalName(mname),
    rname: canonicalName(rname),
    serial: Number(serial),
    refresh: Number(refresh),
    retry: Number(retry),
    expire: Number(expire),
    minimum: ttl(Number(minimum)),
  };
}

/** Route 53 keeps TXT values as one or more strings in double quotes, `\"` for a quote within. */
function txtStrings(value: string): string[] {
  const quoted = [...value.matchAll(/"((?:\\.|[^"\\])*)"/g)].map(([, text = '']) =>
    unescapeOctal(text).replaceAll(/\\(["\\])/g, '$1'),
  );
  return quoted.length > 0 ? quoted : [value];
}
