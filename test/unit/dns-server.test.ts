import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { Resolver } from 'node:dns/promises';
import { connect } from 'node:net';
import { decode, encode, streamEncode } from 'dns-packet';
import type { DecodedPacket, Question } from 'dns-packet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DnsRecord, NameServer } from '../../sandbox/contracts.ts';
import { answer, draw } from '../../sandbox/dns/answer.ts';
import { startNameServer } from '../../sandbox/dns/name-server.ts';
import { Zones } from '../../sandbox/dns/zones.ts';

const BLUE = 'k8s-shop-web-blue.eu-west-1.elb.amazonaws.com';
const GREEN = 'k8s-shop-web-green.eu-west-1.elb.amazonaws.com';

const alias = (setIdentifier: string, weight: number, hostname: string, type = 'A'): DnsRecord => ({
  name: 'shop.example.test.',
  type,
  values: [],
  setIdentifier,
  weight,
  alias: {
    hostname: `dualstack.${hostname}.`,
    hostedZoneId: 'Z32O12XQLNTSW2',
    evaluateTargetHealth: true,
  },
});

const RECORDS: readonly DnsRecord[] = [
  {
    name: 'example.test.',
    type: 'SOA',
    ttl: 900,
    values: ['ns-1.awsdns-01.org. hostmaster.awsdns.com. 7 7200 900 1209600 86400'],
  },
  {
    name: 'example.test.',
    type: 'NS',
    ttl: 172_800,
    values: ['ns-1.awsdns-01.org.', 'ns-2.awsdns-02.co.uk.'],
  },
  alias('blue', 50, BLUE),
  alias('green', 50, GREEN),
  alias('blue', 50, BLUE, 'AAAA'),
  alias('green', 50, GREEN, 'AAAA'),
  { name: 'Plain.Example.TEST.', type: 'A', ttl: 300, values: ['192.0.2.1', '192.0.2.2'] },
  { name: 'www.example.test.', type: 'CNAME', ttl: 120, values: ['plain.example.test.'] },
  { name: 'away.example.test.', type: 'CNAME', ttl: 120, values: ['elsewhere.invalid.'] },
  { name: 'loop.example.test.', type: 'CNAME', ttl: 120, values: ['loop.example.test.'] },
  {
    name: 'same.example.test.',
    type: 'A',
    values: [],
    alias: { hostname: 'plain.example.test.', hostedZoneId: 'Z1', evaluateTargetHealth: false },
  },
  {
    name: 'a-shop.example.test.',
    type: 'TXT',
    ttl: 300,
    setIdentifier: 'blue',
    weight: 50,
    values: ['"heritage=external-dns,external-dns/owner=blue"'],
  },
  { name: 'two.example.test.', type: 'TXT', ttl: 300, values: ['"one \\"1\\"" "two"'] },
  { name: '\\052.wild.example.test.', type: 'A', ttl: 60, values: ['192.0.2.9'] },
  { name: 'a.deep.example.test.', type: 'A', ttl: 60, values: ['192.0.2.10'] },
  {
    name: 'long.example.test.',
    type: 'TXT',
    ttl: 60,
    values: [Array.from({ length: 8 }, (_value, index) => `"${String(index).repeat(200)}"`).join(' ')],
  },
];

/** Share of each set identifier over many draws. */
function shares(records: readonly DnsRecord[], draws: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < draws; i++) {
    const id = draw(records, Math.random)?.setIdentifier ?? 'none';
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).map(([id, count]) => [id, count / draws]));
}

describe('weighted draw', () => {
  const DRAWS = 20_000;
  // A share of p over n draws has the standard deviation sqrt(p(1-p)/n), at most 0.0036 here.
  // Six of them are passed by chance once in 500 million runs.
  const TOLERANCE = 6 * Math.sqrt(0.25 / DRAWS);
  const off = (share: number | undefined, expected: number): number => Math.abs((share ?? 0) - expected);

  it('gives each record weight / sum of weights', () => {
    const found = shares([alias('blue', 30, BLUE), alias('green', 10, GREEN), alias('red', 60, GREEN)], DRAWS);
    expect(off(found['blue'], 0.3)).toBeLessThan(TOLERANCE);
    expect(off(found['green'], 0.1)).toBeLessThan(TOLERANCE);
    expect(off(found['red'], 0.6)).toBeLessThan(TOLERANCE);
  });

  it('never gives a record of weight 0 beside others', () => {
    expect(shares([alias('blue', 255, BLUE), alias('green', 0, GREEN)], DRAWS)).toEqual({
      blue: 1,
    });
    expect(shares([alias('blue', 0, BLUE), alias('green', 1, GREEN)], DRAWS)).toEqual({ green: 1 });
  });

  it('gives all with equal chance when all weights are 0', () => {
    const found = shares([alias('blue', 0, BLUE), alias('green', 0, GREEN)], DRAWS);
    expect(off(found['blue'], 0.5)).toBeLessThan(TOLERANCE);
    expect(off(found['green'], 0.5)).toBeLessThan(TOLERANCE);
  });

  it('keeps to the weights at both ends of the random range', () => {
    const records = [alias('zero', 0, BLUE), alias('blue', 1, BLUE), alias('green', 3, GREEN), alias('last', 0, GREEN)];
    expect(draw(records, () => 0)?.setIdentifier).toBe('blue');
    expect(draw(records, () => 0.2499)?.setIdentifier).toBe('blue');
    expect(draw(records, () => 0.25)?.setIdentifier).toBe('green');
    expect(draw(records, () => 1 - Number.EPSILON)?.setIdentifier).toBe('green');
  });

  it('answers an alias pair by its weights', () => {
    const zones = new Zones();
    zones.set('example.test', [alias('blue', 25, BLUE), alias('green', 75, GREEN)]);
    zones.set('elb.amazonaws.com', [
      { name: `dualstack.${BLUE}`, type: 'A', ttl: 60, values: ['127.9.9.1'] },
      { name: `dualstack.${GREEN}`, type: 'A', ttl: 60, values: ['127.9.9.2'] },
    ]);
    let green = 0;
    for (let i = 0; i < DRAWS; i++) {
      const { answers } = answer(
        { type: 'A', name: 'shop.example.test' },
        { zones, ttl: (seconds) => seconds, random: Math.random },
      );
      if (answers[0]?.type === 'A' && answers[0].data === '127.9.9.2') green++;
    }
    expect(off(green / DRAWS, 0.75)).toBeLessThan(TOLERANCE);
  });
});

describe('name server', () => {
  let server: NameServer;
  let port: number;

  beforeEach(async () => {
    server = await startNameServer({ zoneTtl: (seconds) => seconds / 60 });
    port = Number(server.address.split(':')[1]);
    server.setZone({ name: 'example.test.', records: RECORDS });
    server.setLoadBalancer(BLUE, '127.9.9.1');
    server.setLoadBalancer(GREEN, '127.9.9.2');
  });
  afterEach(() => server.stop());

  async function exchange(message: Buffer): Promise<Buffer> {
    const socket = createSocket('udp4');
    try {
      const reply = once(socket, 'message');
      socket.send(message, port, '127.0.0.1');
      return (await reply)[0];
    } finally {
      socket.close();
    }
  }
  async function ask(name: string, type: Question['type'] = 'A'): Promise<DecodedPacket & { rcode: string }> {
    const packet = decode(await exchange(encode({ type: 'query', id: 77, questions: [{ name, type }] })));
    expect(packet.id).toBe(77);
    return packet as DecodedPacket & { rcode: string };
  }
  const addresses = (packet: DecodedPacket): unknown[] =>
    (packet.answers ?? []).map((found) => ('data' in found ? found.data : undefined));

  it('answers an alias to a load balancer with its address, under the name asked, with the scaled TTL of the load balancer', async () => {
    const packet = await ask('shop.example.test');
    expect(packet.flag_aa).toBe(true);
    expect(packet.rcode).toBe('NOERROR');
    expect(packet.answers).toHaveLength(1);
    expect(packet.answers?.[0]).toMatchObject({
      name: 'shop.example.test',
      type: 'A',
      ttl: 1,
      data: expect.stringMatching(/^127\.9\.9\.[12]$/),
    });
  });

  it('never answers a TTL below one second, however fast the sandbox is', async () => {
    await server.stop();
    server = await startNameServer({ zoneTtl: (seconds) => seconds / 600 });
    server.setLoadBalancer(BLUE, '127.9.9.1');
    port = Number(server.address.split(':')[1]);
    expect((await ask(BLUE)).answers).toMatchObject([{ ttl: 1 }]);
  });

  it('has no AAAA for a load balancer: NODATA with SOA', async () => {
    const packet = await ask('shop.example.test', 'AAAA');
    expect(packet.rcode).toBe('NOERROR');
    expect(packet.answers).toEqual([]);
    // 86,400 s of negative caching are 1,440 s at this speed.
    expect(packet.authorities?.[0]).toMatchObject({
      type: 'SOA',
      name: 'example.test',
      ttl: 15,
      data: { serial: 7, minimum: 1440 },
    });
  });

  it('answers an alias to another record of the zone with that one’s values and TTL', async () => {
    const packet = await ask('same.example.test');
    expect(addresses(packet)).toEqual(['192.0.2.1', '192.0.2.2']);
    expect(packet.answers?.map(({ name }) => name)).toEqual(['same.example.test', 'same.example.test']);
    expect(packet.answers?.[0]).toMatchObject({ ttl: 5 });
  });

  it('knows names in any case and gives the question back in the asker’s', async () => {
    const packet = await ask('pLAIN.eXample.TeSt');
    expect(packet.questions?.[0]?.name).toBe('pLAIN.eXample.TeSt');
    expect(addresses(packet)).toEqual(['192.0.2.1', '192.0.2.2']);
  });

  it('follows a CNAME within its zones, not beyond them, and not in a circle', async () => {
    expect((await ask('www.example.test')).answers).toMatchObject([
      { type: 'CNAME', name: 'www.example.test', ttl: 2, data: 'plain.example.test' },
      { type: 'A', name: 'plain.example.test', data: '192.0.2.1' },
      { type: 'A', name: 'plain.example.test', data: '192.0.2.2' },
    ]);
    expect((await ask('www.example.test', 'CNAME')).answers).toHaveLength(1);
    expect((await ask('away.example.test')).answers).toMatchObject([{ type: 'CNAME', data: 'elsewhere.invalid' }]);
    expect((await ask('loop.example.test')).rcode).toBe('NOERROR');
  });

  it('answers TXT, one string or several, with escapes undone', async () => {
    const [owner] = addresses(await ask('a-shop.example.test', 'TXT')) as Buffer[][];
    expect(owner?.map(String)).toEqual(['heritage=external-dns,external-dns/owner=blue']);
    const [two] = addresses(await ask('two.example.test', 'TXT')) as Buffer[][];
    expect(two?.map(String)).toEqual(['one "1"', 'two']);
  });

  it('answers SOA and NS of the apex', async () => {
    expect(addresses(await ask('example.test', 'NS'))).toEqual(['ns-1.awsdns-01.org', 'ns-2.awsdns-02.co.uk']);
    expect((await ask('example.test', 'SOA')).answers).toMatchObject([
      { data: { mname: 'ns-1.awsdns-01.org', rname: 'hostmaster.awsdns.com', serial: 7 } },
    ]);
  });

  it('tells a name that is not there (NXDOMAIN) from one without such a record (NODATA)', async () => {
    const gone = await ask('nobody.example.test');
    expect([gone.rcode, gone.flag_aa, gone.authorities?.[0]?.type]).toEqual(['NXDOMAIN', true, 'SOA']);
    expect((await ask('plain.example.test', 'TXT')).rcode).toBe('NOERROR');
    // Only something below it has records.
    expect((await ask('deep.example.test')).rcode).toBe('NOERROR');
  });

  it('refuses names of no zone of its own, without claiming authority', async () => {
    const packet = await ask('example.com');
    expect([packet.rcode, packet.flag_aa]).toEqual(['REFUSED', false]);
  });

  it('answers from a wildcard that Route 53 writes as \\052', async () => {
    expect(addresses(await ask('any.wild.example.test'))).toEqual(['192.0.2.9']);
    expect(addresses(await ask('two.levels.wild.example.test'))).toEqual(['192.0.2.9']);
    expect((await ask('nobody.deep.example.test')).rcode).toBe('NXDOMAIN');
  });

  it('answers load balancer names themselves, until they are gone', async () => {
    expect((await ask(BLUE)).answers).toMatchObject([{ ttl: 1, data: '127.9.9.1' }]);
    expect(addresses(await ask(`dualstack.${BLUE}`))).toEqual(['127.9.9.1']);
    server.setLoadBalancer(BLUE.toUpperCase(), null);
    expect((await ask(BLUE)).rcode).toBe('NXDOMAIN');
    expect(() => server.setLoadBalancer('lb.example.test', '127.9.9.1')).toThrow(
      'expected a name below elb.amazonaws.com',
    );
  });

  it('answers from the newest zone', async () => {
    server.setZone({
      name: 'EXAMPLE.test',
      records: [alias('blue', 0, BLUE), alias('green', 100, GREEN)],
    });
    expect(addresses(await ask('shop.example.test'))).toEqual(['127.9.9.2']);
    expect((await ask('plain.example.test')).rcode).toBe('NXDOMAIN');
    // Without a SOA of its own the zone gets one, or negative answers could not be kept.
    expect((await ask('plain.example.test')).authorities?.[0]?.type).toBe('SOA');
  });

  it('cuts what does not fit into a datagram, and gives the whole over TCP', async () => {
    expect((await ask('long.example.test', 'TXT')).flag_tc).toBe(true);
    const resolver = new Resolver();
    resolver.setServers([server.address]);
    const [strings] = await resolver.resolveTxt('long.example.test');
    expect(strings).toHaveLength(8);
  });

  it('is understood by the system’s own resolver library', async () => {
    const resolver = new Resolver();
    resolver.setServers([server.address]);
    expect(await resolver.resolve4('plain.example.test', { ttl: true })).toEqual([
      { address: '192.0.2.1', ttl: 5 },
      { address: '192.0.2.2', ttl: 5 },
    ]);
    await expect(resolver.resolve4('nobody.example.test')).rejects.toMatchObject({
      code: 'ENOTFOUND',
    });
    await expect(resolver.resolve6('shop.example.test')).rejects.toMatchObject({ code: 'ENODATA' });
  });

  it('answers several questions on one TCP connection, cut anywhere', async () => {
    const socket = connect(port, '127.0.0.1');
    const bytes = Buffer.concat(
      ['plain.example.test', 'www.example.test'].map((name, id) =>
        streamEncode({ type: 'query', id, questions: [{ name, type: 'A' }] }),
      ),
    );
    const ids: number[] = [];
    socket.write(bytes.subarray(0, 30));
    await once(socket, 'connect');
    socket.write(bytes.subarray(30));
    let received = Buffer.alloc(0);
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        ids.push(received.readUInt16BE(2));
        received = received.subarray(2 + received.readUInt16BE(0));
      }
      if (ids.length === 2) break;
    }
    expect(ids).toEqual([0, 1]);
  });

  it('survives what is no query', async () => {
    const broken = Buffer.from('000501000001000000000000', 'hex');
    expect((await exchange(broken)).readUInt16BE(2) & 0xf).toBe(1);
    const notify = encode({
      type: 'query',
      id: 9,
      flags: 4 << 11,
      questions: [{ name: 'example.test', type: 'SOA' }],
    });
    expect((await exchange(notify)).readUInt16BE(2) & 0xf).toBe(4);
    server.setZone({
      name: 'example.test',
      records: [{ name: 'bad.example.test', type: 'A', ttl: 1, values: ['not an address'] }],
    });
    expect((await ask('bad.example.test')).rcode).toBe('SERVFAIL');
    expect((await ask('example.test', 'SOA')).rcode).toBe('NOERROR');
  });
});
